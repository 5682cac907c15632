/**
 * The folder that receives files, and the only way to paths below it.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { ConflictError } from "../core/errors.ts";
import {
  type NoFolder,
  pinFolder,
  type PinnedFolder,
  type PinOptions,
} from "../core/folders/pinned_folder.ts";
import { lstatIfExistsSync } from "../core/files.ts";
import { explainWrite } from "../core/file_errors.ts";
import { quote } from "../core/text.ts";
import { parentOf } from "./safe_path.ts";

export interface EnsureFolderOptions {
  /** Permission bits of the folders that are made; the system's default when absent. */
  readonly mode?: number;
  /** The path that needs the folder, for error messages; the folder itself when absent. */
  readonly of?: string;
}

/** A folder whose subfolders are real folders on every way that leads through them. */
export class TargetFolder {
  /** Absolute path without links. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Opens a folder, making it when it is missing. It may be a link itself: the caller named it. */
  static async open(root: string): Promise<TargetFolder> {
    try {
      await Deno.mkdir(root, { recursive: true });
      return new TargetFolder(await Deno.realPath(root));
    } catch (error) {
      throw explainWrite(root, error);
    }
  }

  /** The absolute path of a safe relative path. */
  resolve(path: string): string {
    return join(this.path, path);
  }

  /**
   * Makes sure that a safe relative path is a folder and that no link leads there. Missing folders
   * are made.
   * @throws {ConflictError} when a part of the path is a link or a file.
   */
  ensureFolder(path: string, options: EnsureFolderOptions = {}): void {
    if (this.#isWay(path, options)) return;
    this.#make(path, options.mode);
    if (!this.#isWay(path, options)) throw inTheWay(options.of ?? path, path, "missing");
  }

  /**
   * Whether all folders on the way to a path, and the path itself, are there.
   * @throws {ConflictError} when one of them is a link or a file.
   */
  #isWay(path: string, options: EnsureFolderOptions): boolean {
    for (const folder of waysTo(path)) {
      const kind = this.#kind(folder);
      if (kind === "missing") return false;
      if (kind !== "folder") throw inTheWay(options.of ?? path, folder, kind);
    }
    return true;
  }

  /**
   * Opens a folder that is there, by a path that nothing can be put in place of; the path of the
   * folder where there is no such thing.
   * @throws {ConflictError} when it is no folder any more, or a link leads there.
   */
  pin(path: string, options: Pick<EnsureFolderOptions, "of"> = {}): PinnedFolder {
    const folder = this.#open(path);
    if (typeof folder !== "string") return folder;
    throw new ConflictError(
      `Cannot extract ${quote(options.of ?? path)}: its folder was replaced meanwhile`,
      { path: options.of ?? path },
    );
  }

  /** Whether a regular file is there and no link leads to it. */
  hasFile(path: string): boolean {
    for (const folder of waysTo(parentOf(path))) {
      if (this.#kind(folder) !== "folder") return false;
    }
    return this.#kind(path) === "file";
  }

  /**
   * Makes sure that a file may be renamed to a safe relative path: nothing, a file or a link is
   * there.
   * @throws {ConflictError} when something else is there.
   */
  ensureReplaceable(path: string): void {
    const kind = this.#kind(path);
    if (kind === "folder" || kind === "special file") throw inTheWay(path, path, kind);
  }

  /** Synchronous on purpose: a dozen looks a file took a third of the time of small files. */
  #kind(path: string): Kind {
    const info = lstatIfExistsSync(this.resolve(path));
    if (info === undefined) return "missing";
    if (info.isSymlink) return "symbolic link";
    if (info.isDirectory) return "folder";
    return info.isFile ? "file" : "special file";
  }

  /**
   * Makes a folder and those above it, each in the one before: what is in the way is told later.
   */
  #make(path: string, mode: number | undefined): void {
    const made = this.#open(path, { make: true, mode });
    if (typeof made !== "string") made[Symbol.dispose]();
  }

  #open(path: string, options: PinOptions = {}): PinnedFolder | NoFolder {
    try {
      return pinFolder(this.path, path === "" ? [] : path.split("/"), options);
    } catch (error) {
      throw explainWrite(this.resolve(path), error);
    }
  }
}

type Kind = "missing" | "symbolic link" | "folder" | "file" | "special file";

/** `a`, `a/b` and `a/b/c` for `a/b/c`. */
function waysTo(path: string): string[] {
  if (path === "") return [];
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function inTheWay(path: string, found: string, kind: Kind): ConflictError {
  const place = path === found ? "" : `${quote(found)} `;
  const what = path === found ? `a ${kind} is in its place` : `is a ${kind}`;
  return new ConflictError(`Cannot extract ${quote(path)}: ${place}${what}`, {
    path,
    remedy: "move it away or choose another folder",
  });
}
