/**
 * The paths that an extraction has claimed.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { ConflictError, InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { duplicateKey, parentOf } from "./safe_path.ts";

/**
 * Most characters that the paths of all folders may have, and what each folder counts besides. Two
 * thousand names of 500 levels each, in an archive of 30 KB, lead through a million folders: their
 * paths took 660 MB, and to make them takes more than a minute.
 */
const MAX_FOLDER_TEXT = 64 * 1024 * 1024;
const EACH_FOLDER = 200;

/**
 * The paths of an extraction, so that two of them never meet in one file. Paths that only differ in
 * case or in Unicode normal form meet on the systems that fold them.
 */
export class Claims {
  readonly #platform: string;
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();
  #folderText = 0;

  /** Starts without claims; `platform` is the system the paths are for. */
  constructor(platform: string = Deno.build.os) {
    this.#platform = platform;
  }

  /**
   * Claims a path for a file; claiming the same path again is fine.
   * @throws {ConflictError} when the path meets another one.
   * @throws {InvalidInputError} when there are too many folders, of too many levels.
   */
  file(path: string): void {
    refuse(path, this.tryFile(path));
  }

  /**
   * Claims a path, and those above it, for folders.
   * @throws {ConflictError} when one of them is a file; besides, as {@linkcode file}.
   */
  folder(path: string): void {
    refuse(path, this.#tryFolder(path));
  }

  /** Claims a path as {@linkcode file} does; returns what it meets instead of throwing that. */
  tryFile(path: string): string | undefined {
    const blocked = this.#tryFolder(parentOf(path));
    if (blocked !== undefined) return blocked;
    const key = duplicateKey(path, this.#platform);
    const twin = this.#files.get(key) ?? path;
    if (twin !== path) return meets(twin, "only case or Unicode form tells them apart");
    const folder = this.#folders.get(key);
    if (folder !== undefined) return meets(folder, "one is a file, the other a folder");
    this.#files.set(key, path);
    return undefined;
  }

  #tryFolder(path: string): string | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      const key = duplicateKey(folder, this.#platform);
      if (this.#folders.has(key)) return undefined;
      const file = this.#files.get(key);
      if (file !== undefined) return meets(file, "one is a file, the other a folder");
      this.#folders.set(key, folder);
      this.#count(folder);
    }
    return undefined;
  }

  #count(folder: string): void {
    this.#folderText += folder.length + EACH_FOLDER;
    if (this.#folderText <= MAX_FOLDER_TEXT) return;
    throw new InvalidInputError(
      `Cannot make the folders on the way to ${quote(folder.slice(0, 200))}: ` +
        "all folders together are too many, of too many levels",
    );
  }
}

function meets(other: string, reason: string): string {
  return `it meets ${quote(other)}, ${reason}`;
}

function refuse(path: string, reason: string | undefined): void {
  if (reason === undefined) return;
  throw new ConflictError(`Cannot extract ${quote(path)}: ${reason}`, { path });
}

/** The error of a path that two contents have. */
export function contentClash(path: string, expected: Digest, actual: Digest): ConflictError {
  return new ConflictError(
    `Cannot extract ${quote(path)}: two files of different content have this path`,
    { path, expected, actual },
  );
}
