/**
 * The manifests of one repository of the local store: read, verified, and followed to what they
 * need.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { isOfThisRun } from "../../core/file_errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { collectGarbage, collectInSeries } from "../../core/runtime/garbage.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { inTurn } from "../../work/turns.ts";
import type { Descriptor } from "../descriptor.ts";
import type { FileStamp } from "../disk_blobs.ts";
import type { DiskStore } from "../disk_store.ts";
import { children, type ManifestDocument, parseLongManifest } from "../manifest.ts";
import { isManifestType, MediaType } from "../media_types.ts";
import { anonymousBlob, describeManifest, missing, readContent } from "../store.ts";
import type { DiskContent } from "./content.ts";

/** Manifests from this size on, in bytes, leave a lot behind when they were read. */
const LARGE_MANIFEST = 1024 * 1024;

/** What the manifests among the content of a repository say. */
export class DiskManifests {
  readonly #content: DiskContent;
  readonly #store: DiskStore;

  /** Reads the manifests of a repository of a store. */
  constructor(content: DiskContent, store: DiskStore) {
    this.#content = content;
    this.#store = store;
  }

  /** Whether content is here; for a manifest, whether everything it needs is here too. */
  async isWhole(descriptor: Descriptor, options: OperationOptions): Promise<boolean> {
    return await this.#isWhole(descriptor, new Set(), options);
  }

  /**
   * Indexes may list one manifest many times over: `seen` are those that are whole, or looked at.
   */
  async #isWhole(
    descriptor: Descriptor,
    seen: Set<Digest>,
    options: OperationOptions,
  ): Promise<boolean> {
    if (seen.has(descriptor.digest)) return true;
    seen.add(descriptor.digest);
    collectInSeries(seen.size);
    await giveWay();
    options.signal?.throwIfAborted();
    if (!await this.#content.holds(descriptor, options)) return false;
    if (!isManifestType(descriptor.mediaType)) return true;
    for (const child of children(await this.#read(descriptor, options))) {
      if (!await this.#isWhole(child, seen, options)) return false;
    }
    return true;
  }

  /**
   * The descriptor of a manifest.
   * @throws {NotFoundError} when it is not here.
   */
  async describe(digest: Digest, options: OperationOptions): Promise<Descriptor> {
    const stamp = await this.stamp(digest);
    return await this.#store.described.of(digest, stamp, async () => {
      const document = await this.#read(anonymousBlob(digest, stamp.size), options);
      return describeManifest(document, digest);
    });
  }

  /**
   * The file of a manifest that is a member, as it is now.
   * @throws {NotFoundError} when there is none.
   */
  async stamp(digest: Digest): Promise<FileStamp> {
    const { members } = this.#content;
    const found = await members.hasManifest(digest) && await this.#store.blobs.stamp(digest);
    if (!found) throw missing(this.#content, digest);
    return found;
  }

  /**
   * A manifest.
   * @throws {NotFoundError} when it is not here.
   */
  async read(digest: Digest, options: OperationOptions): Promise<ManifestDocument> {
    const { size } = await this.stamp(digest);
    return await this.#heldOrRead(anonymousBlob(digest, size), options);
  }

  /** A manifest; `undefined`, with a word in the log, when it is missing or damaged. */
  async readIfWhole(
    digest: Digest,
    options: OperationOptions,
  ): Promise<ManifestDocument | undefined> {
    const content = this.#content;
    try {
      const size = await this.#store.blobs.size(digest);
      if (size === undefined) throw missing(content, digest);
      return await this.#read(anonymousBlob(digest, size), options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isOfThisRun(error)) throw error;
      options.log?.("warning", `Cannot read manifest ${content.name}@${digest}`, { error });
      return undefined;
    }
  }

  /** Flushes a manifest and all that it needs to the disk. */
  async flush(digest: Digest, { size }: FileStamp, options: OperationOptions): Promise<void> {
    const { flushAll } = await import("./flush.ts");
    await flushAll({ mediaType: MediaType.imageManifest, digest, size }, {
      ...options,
      blobs: this.#store.blobs,
      members: this.#content.members,
      read: (manifest) => this.#heldOrRead(manifest, options),
    });
  }

  async #heldOrRead(manifest: Descriptor, options: OperationOptions): Promise<ManifestDocument> {
    return this.#store.described.held(manifest.digest) ?? await this.#read(manifest, options);
  }

  async #read(descriptor: Descriptor, options: OperationOptions): Promise<ManifestDocument> {
    // The link of a manifest is that of its revision, whatever type the caller knows it by.
    const manifest = { ...descriptor, mediaType: MediaType.imageManifest };
    const document = await inTurn(
      descriptor.size,
      async () => await parseLongManifest(await readContent(this.#content, manifest, options)),
    );
    // What the text was parsed to before it was checked is as large as what stays.
    if (descriptor.size > LARGE_MANIFEST) collectGarbage();
    return document;
  }
}
