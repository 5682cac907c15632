/**
 * The blobs of the local store. Each is there once, whichever repositories it belongs to.
 * @module
 */
import { dirname, join } from "../core/runtime/path.ts";
import {
  type Digest,
  digestAlgorithm,
  digestDocument,
  DOCUMENT_SIZE,
  isDigest,
} from "../core/digest.ts";
import { InvalidInputError, NotFoundError } from "../core/errors.ts";
import { explainRead } from "../core/file_errors.ts";
import {
  lstatIfExists,
  readDirIfExists,
  readDocument,
  removeIfExists,
  statKind,
} from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { Descriptor } from "./descriptor.ts";
import type { DiskLayout } from "./disk_layout.ts";
import type { OpenContentOptions } from "./store.ts";

/** What changes when somebody writes to a file, or puts another in its place. */
export interface FileStamp {
  /** Bytes of the file. */
  readonly size: number;
  /** When it was written to, in milliseconds. */
  readonly mtime: number;
  /** When anything of it was changed, its times included, in milliseconds. */
  readonly changed: number;
  /** Its number in the file system, where there is one. */
  readonly ino: number | null;
}

/** The name of a blob's file in its folder. */
const DATA = "data";

/** Blobs as files. */
export class DiskBlobs {
  readonly #layout: DiskLayout;
  /** Blobs that were found damaged. */
  readonly #distrusted = new Set<Digest>();

  /** Names the place of the blobs; nothing is made before the first is added. */
  constructor(layout: DiskLayout) {
    this.#layout = layout;
  }

  /** The file of a blob, whether or not it is there. */
  path(digest: Digest): string {
    return this.#layout.blobData(digest);
  }

  /** The digests of all blobs. */
  async *digests(): AsyncIterable<Digest> {
    for (const algorithm of ["sha256", "sha512"]) {
      const folder = this.#layout.blobs(algorithm);
      for (const prefix of await readDirIfExists(folder)) {
        for (const entry of await readDirIfExists(join(folder, prefix.name))) {
          const digest = `${algorithm}:${entry.name}`;
          if (isDigest(digest)) yield digest;
        }
      }
    }
  }

  /** The size of a blob's file; `undefined` when there is none. */
  async size(digest: Digest): Promise<number | undefined> {
    return (await this.#info(digest))?.size;
  }

  /** What tells whether a blob's file was written to; `undefined` when there is none. */
  async stamp(digest: Digest): Promise<FileStamp | undefined> {
    const info = await this.#info(digest);
    if (!info) return undefined;
    const mtime = info.mtime?.getTime() ?? 0;
    const changed = Math.max(mtime, info.ctime?.getTime() ?? 0);
    return { size: info.size, mtime, changed, ino: info.ino };
  }

  /** Whether a blob of that size is here, and was not found damaged. */
  async has({ digest, size }: Pick<Descriptor, "digest" | "size">): Promise<boolean> {
    return await this.size(digest) === size && !this.#distrusted.has(digest);
  }

  /** Whether somebody wrote to a blob after a time in milliseconds since the epoch. */
  async changedSince(digest: Digest, time: number): Promise<boolean> {
    return ((await this.#info(digest))?.mtime?.getTime() ?? Infinity) > time;
  }

  /** Whether the bytes of a blob are the right ones, by reading all of them. */
  async isRight(
    { digest, size }: Pick<Descriptor, "digest" | "size">,
    { onBytes, ...options }: OperationOptions & { onBytes?: (bytes: number) => void } = {},
  ): Promise<boolean> {
    if (!await this.has({ digest, size })) return false;
    const input = { path: this.path(digest), algorithm: digestAlgorithm(digest) };
    try {
      if (size <= DOCUMENT_SIZE) {
        options.signal?.throwIfAborted();
        const bytes = await readDocument(input.path, size);
        onBytes?.(size);
        return await digestDocument(bytes, input.algorithm) === digest;
      }
      const { runTask } = await import("../work/pool.ts");
      const hashed = await runTask("hashFile", input, { ...options, size, onBytes });
      return hashed.digest === digest;
    } catch (error) {
      throw explainRead(input.path, error);
    }
  }

  /** Takes a blob for missing, until it is added again. */
  distrust(digest: Digest): void {
    this.#distrusted.add(digest);
  }

  /**
   * Opens a blob, unverified.
   * @throws {NotFoundError} when there is none.
   */
  async open(digest: Digest, options: OpenContentOptions): Promise<ReadableStream<Uint8Array>> {
    if (await this.size(digest) === undefined) {
      throw new NotFoundError(`Cannot find blob ${digest}: it is not in the store`);
    }
    const { fileSource } = await import("../core/content/file_source.ts");
    const source = await fileSource(this.path(digest));
    return await source.open(options);
  }

  /** The bytes of a document, not verified; `undefined` when there is no such blob. */
  async read(digest: Digest, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (await this.size(digest) === undefined) return undefined;
    const path = this.path(digest);
    try {
      return await readDocument(path, limit);
    } catch (error) {
      throw error instanceof InvalidInputError ? error : explainRead(path, error);
    }
  }

  /**
   * Gives a verified file its final name, in place of what has it: that may be damaged. The time of
   * what it replaces stays, so that the blob is not taken for one that somebody wrote to.
   */
  async add(file: string, blob: Pick<Descriptor, "digest">): Promise<void> {
    const folder = `${file}.blob`;
    try {
      // A command that was killed at this very moment has left the folder.
      await Deno.mkdir(folder, { recursive: true });
      await Deno.rename(file, join(folder, DATA));
      await this.addFolder(folder, blob);
    } catch (error) {
      // What was verified stays where it was, for the next try; the error tells what is wrong.
      await Deno.rename(join(folder, DATA), file).catch(() => undefined);
      throw error;
    } finally {
      await removeIfExists(folder);
    }
  }

  /**
   * Adds the verified file `data` of a folder, as {@linkcode add} does. The folder becomes that of
   * the blob, so a process that is killed leaves none without bytes; `false` where there was one,
   * and the folder stays.
   */
  async addFolder(folder: string, { digest }: Pick<Descriptor, "digest">): Promise<boolean> {
    const isNew = await renamed(folder, this.#layout.blobFolder(digest));
    if (!isNew) {
      const file = join(folder, DATA);
      const before = await this.#info(digest);
      if (before?.mtime) Deno.utimeSync(file, before.mtime, before.mtime);
      Deno.renameSync(file, this.path(digest));
    }
    this.#distrusted.delete(digest);
    return isNew;
  }

  /**
   * The paths whose flush makes a blob and its name survive a power cut; none when it is missing.
   */
  async durablePaths(digest: Digest): Promise<string[]> {
    if (await this.size(digest) === undefined) return [];
    return withFolders(this.path(digest));
  }

  /** A link is no blob: it could lead to any file of this machine, which would then be served. */
  async #info(digest: Digest): Promise<Deno.FileInfo | undefined> {
    try {
      const info = await lstatIfExists(this.path(digest));
      return info?.isFile ? info : undefined;
    } catch (error) {
      throw explainRead(this.path(digest), error);
    }
  }
}

/**
 * Renames a folder; `false` when there is one of that name. That is tried first: to look for it,
 * and for the folder above, which hundreds of blobs share, would take as long as to rename.
 */
async function renamed(from: string, to: string, isSecond = false): Promise<boolean> {
  try {
    Deno.renameSync(from, to);
    return true;
  } catch (error) {
    if (await statKind(to) === "folder") return false;
    if (isSecond || !(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.mkdirSync(dirname(to), { recursive: true });
  return await renamed(from, to, true);
}

/** A file, its folder and the one above: what holds the file's bytes and its name. */
export function withFolders(path: string): string[] {
  return [path, dirname(path), dirname(dirname(path))];
}
