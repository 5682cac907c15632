/**
 * A workspace while it is written to: locked, and swept of what a killed command left behind.
 *
 * Unfinished files have hidden names that are given under the lock only, so a command that has the
 * lock may remove every one that is there. The folder of downloads exists while something is
 * unfinished; where it is missing, nothing has to be looked for.
 * @module
 */
import { basename, join } from "../../core/runtime/path.ts";
import { Extraction } from "../../archive/extract.ts";
import { parentOf } from "../../archive/safe_path.ts";
import { ConflictError } from "../../core/errors.ts";
import { lstatIfExists, readDirIfExists, removeIfExists } from "../../core/files.ts";
import { explainWrite } from "../../core/file_errors.ts";
import { pinFolder, type PinnedFolder, type PinOptions } from "../../core/folders/pinned_folder.ts";
import { removeBelow } from "../../core/folders/remove_below.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { WorkspaceConflictError } from "./conflict.ts";
import { DOWNLOAD_FOLDER, HIDDEN_PREFIX, isHiddenName, placeOf } from "./layout.ts";
import { lockWorkspace, type OpenWorkspaceOptions } from "./lock.ts";
import { RESERVED_FOLDER } from "./path.ts";
import type { Place } from "../../archive/places/survey.ts";

/** A locked workspace; disposing unlocks it and removes a folder in which nothing was written. */
export class Workspace implements AsyncDisposable {
  /** Absolute path without links. */
  readonly root: string;
  #isNew: boolean;
  readonly #lock: AsyncDisposable;
  /** The folders of ours, which nothing can be put in place of. */
  readonly #pins: DisposableStack;
  readonly #reserved: PinnedFolder;
  #downloads: PinnedFolder | undefined;
  readonly #options: OperationOptions;

  private constructor(
    root: string,
    isNew: boolean,
    { lock, options }: { readonly lock: AsyncDisposable; readonly options: OperationOptions },
  ) {
    this.root = root;
    this.#isNew = isNew;
    this.#lock = lock;
    this.#options = options;
    this.#pins = new DisposableStack();
    this.#reserved = this.#pins.use(pinned(root, RESERVED_FOLDER));
  }

  /**
   * Locks the workspace in a folder, which is made when it is missing.
   * @throws {ConflictError} when another command keeps writing to it, or its reserved folder is
   * none.
   */
  static async open(path: string, options: OpenWorkspaceOptions = {}): Promise<Workspace> {
    options.signal?.throwIfAborted();
    const isNew = await lstatIfExists(path) === undefined;
    const root = await makeFolder(path);
    await checkReserved(root);
    await using held = new AsyncDisposableStack();
    const lock = held.use(await lockWorkspace(path, root, options));
    const workspace = new Workspace(root, isNew, { lock, options: operationOptions(options) });
    held.move();
    return workspace;
  }

  /** Removes what killed commands left, and makes ready for writing. */
  async begin(): Promise<void> {
    const downloads = this.#inReserved(DOWNLOAD_FOLDER);
    const left = await lstatIfExists(downloads);
    if (left && !left.isDirectory) await removeIfExists(downloads);
    else if (left) await sweep(this.root, this.#options);
    this.#downloads = this.#pins.use(pinned(this.root, DOWNLOAD_FOLDER, { make: true }));
  }

  /** The place on the disk of a path in the reserved folder. */
  #inReserved(path: string): string {
    return placeOf(this.#reserved.path, path.slice(RESERVED_FOLDER.length + 1));
  }

  /** Opens a way to write files; their hidden names are those that {@linkcode begin} removes. */
  async writer(): Promise<Extraction> {
    return await Extraction.open(this.root, {
      ...this.#options,
      hiddenPrefix: HIDDEN_PREFIX,
      // As those of models: the system flushes files in its own time.
      flush: false,
    });
  }

  /**
   * Writes the file of a path where `place` was found. A folder that has to be replaced is moved
   * away first, and back when the writing fails.
   */
  async inPlace(path: string, place: Place, write: () => Promise<void>): Promise<void> {
    if (place.kind !== "folder") return await write();
    using parent = pinned(this.root, parentOf(path));
    const folder = join(parent.path, basename(path));
    const aside = join(parent.path, `${HIDDEN_PREFIX}${crypto.randomUUID()}.partial`);
    await Deno.rename(folder, aside).catch((error) => {
      throw explainWrite(placeOf(this.root, path), error);
    });
    try {
      await write();
    } catch (error) {
      await Deno.rename(aside, folder);
      throw error;
    }
    await removeIfExists(aside);
  }

  /**
   * Where content of that digest is downloaded to, and the folder for parts of it, by a path that
   * nothing can be put in place of.
   */
  downloadPlace(sha256: string): { readonly path: string; readonly folder: string } {
    const folder = this.#downloads?.path ?? placeOf(this.root, DOWNLOAD_FOLDER);
    return { path: join(folder, sha256), folder };
  }

  /** Says that everything was written: unfinished downloads are not needed any more. */
  async finish(): Promise<void> {
    await removeIfExists(this.#inReserved(DOWNLOAD_FOLDER));
    // A workspace that was written to stays, even when it is empty.
    this.#isNew = false;
  }

  /** Unlocks the workspace. Downloads that can be resumed later stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeIfEmpty(this.#inReserved(DOWNLOAD_FOLDER));
    await this.#lock[Symbol.asyncDispose]();
    this.#pins[Symbol.dispose]();
    await removeIfEmpty(placeOf(this.root, RESERVED_FOLDER));
    if (this.#isNew) await removeIfEmpty(this.root);
  }
}

async function makeFolder(path: string): Promise<string> {
  try {
    await Deno.mkdir(path, { recursive: true });
    return await Deno.realPath(path);
  } catch (error) {
    throw explainWrite(path, error);
  }
}

async function checkReserved(root: string): Promise<void> {
  const info = await lstatIfExists(placeOf(root, RESERVED_FOLDER));
  if (info === undefined || info.isDirectory) return;
  const reason = info.isSymlink ? "it is a symbolic link" : "it is not a folder";
  throw new WorkspaceConflictError(root, [{ path: RESERVED_FOLDER, reason, replaceable: false }]);
}

/** Removes everything with the hidden name of an unfinished file. */
async function sweep(folder: string, { signal }: OperationOptions): Promise<void> {
  await removeBelow(folder, { signal, isOurs: (_path, { name }) => isHiddenName(name) });
}

/**
 * Opens a folder of a workspace that nothing can be put in place of.
 * @throws {ConflictError} when it is none, or a link leads there.
 */
export function pinned(root: string, path: string, options: PinOptions = {}): PinnedFolder {
  const place = placeOf(root, path);
  try {
    const folder = pinFolder(root, path === "" ? [] : path.split("/"), options);
    if (typeof folder !== "string") return folder;
  } catch (error) {
    throw explainWrite(place, error);
  }
  throw new ConflictError(`Cannot write to ${quote(place)}: it was replaced meanwhile`, {
    path: place,
  });
}

async function removeIfEmpty(folder: string): Promise<void> {
  if ((await readDirIfExists(folder)).length > 0) return;
  // When another program writes into it at this moment the removal fails, and the folder stays.
  await Deno.remove(folder).catch(() => undefined);
}
