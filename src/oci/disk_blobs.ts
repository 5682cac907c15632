/**
 * The blobs of the local store. Each is there once, whichever repositories it belongs to.
 * @module
 */
import { dirname } from "node:path";
import { type Digest, digestAlgorithm, digestBytes } from "../core/digest.ts";
import { explainRead, isMissing } from "../core/file_errors.ts";
import { fileSource } from "../core/file_source.ts";
import type { Descriptor } from "./descriptor.ts";
import type { DiskLayout } from "./disk_layout.ts";
import { isManifestType } from "./media_types.ts";
import type { OpenContentOptions } from "./store.ts";

/** Blobs as files. */
export class DiskBlobs {
  readonly #layout: DiskLayout;

  /** Names the place of the blobs; nothing is made before the first is added. */
  constructor(layout: DiskLayout) {
    this.#layout = layout;
  }

  /** The file of a blob, whether or not it is there. */
  path(digest: Digest): string {
    return this.#layout.blobData(digest);
  }

  /** The size of a blob's file; `undefined` when there is none. */
  async size(digest: Digest): Promise<number | undefined> {
    try {
      return (await Deno.stat(this.path(digest))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw explainRead(this.path(digest), error);
    }
  }

  /**
   * Whether a blob's bytes are here. Documents are small enough to be looked at; other blobs were
   * verified when they came, and are again when they are extracted.
   */
  async has({ mediaType, digest, size }: Descriptor): Promise<boolean> {
    if (await this.size(digest) !== size) return false;
    if (!isManifestType(mediaType)) return true;
    const bytes = await Deno.readFile(this.path(digest));
    return digestBytes(bytes, digestAlgorithm(digest)) === digest;
  }

  /**
   * Opens a blob, unverified.
   * @throws {NotFoundError} when there is none.
   */
  async open(digest: Digest, options: OpenContentOptions): Promise<ReadableStream<Uint8Array>> {
    const source = await fileSource(this.path(digest));
    return await source.open(options);
  }

  /** Gives a verified file its final name, or leaves it when the blob is here already. */
  async add(file: string, blob: Descriptor): Promise<void> {
    if (await this.has(blob)) return;
    const folder = this.#layout.blobFolder(blob.digest);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.rename(file, this.path(blob.digest));
  }

  /**
   * The paths whose flush makes a blob and its name survive a power cut; none when it is missing.
   */
  async durablePaths(digest: Digest): Promise<string[]> {
    if (await this.size(digest) === undefined) return [];
    return withFolders(this.path(digest));
  }
}

/** A file, its folder and the one above: what holds the file's bytes and its name. */
export function withFolders(path: string): string[] {
  return [path, dirname(path), dirname(dirname(path))];
}
