/**
 * One repository of the local store.
 *
 * Blobs are shared by all repositories; a link makes one a member of a repository. A tag is a link
 * as well. Links are written last, so that whatever has a name is complete.
 * @module
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Digest, isDigest } from "../core/digest.ts";
import { NotFoundError } from "../core/errors.ts";
import { lstatIfExists } from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource } from "../core/source.ts";
import { sized, transformed } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import type { Ingest, Origin, ReferrerOptions, StoreCapabilities } from "./capabilities.ts";
import { methods, OWNER_CAPABILITIES } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import { DiskIngest, type DiskIngestOptions } from "./disk_ingest.ts";
import { DiskLinks } from "./disk_links.ts";
import type { DiskStore } from "./disk_store.ts";
import { children, type ManifestDocument, parseManifest } from "./manifest.ts";
import { isManifestType, MediaType } from "./media_types.ts";
import { referrerDescriptor } from "./referrer.ts";
import type { ContentStore, OpenContentOptions } from "./store.ts";
import { anonymousBlob, describeManifest, missing, readContent } from "./store.ts";

/** One repository of the local store, with every capability. */
export class DiskRepository implements ContentStore, StoreCapabilities {
  readonly name: string;
  /** What has a name in this repository. */
  readonly links: DiskLinks;
  readonly #store: DiskStore;

  /** Opens the repository `name` of a store; it is made when something is written. */
  constructor(name: string, store: DiskStore) {
    this.name = name;
    this.links = new DiskLinks(store.layout, name);
    this.#store = store;
  }

  get capabilities(): StoreCapabilities {
    return methods(this, [...OWNER_CAPABILITIES, "filePath", "deferPrune"]);
  }

  /** Whether the content is here; for a manifest, whether everything it needs is here too. */
  async has(descriptor: Descriptor, options: OperationOptions = {}): Promise<boolean> {
    if (!await this.links.has(descriptor)) return false;
    if (!await this.#store.blobs.has(descriptor)) return false;
    if (!isManifestType(descriptor.mediaType)) return true;
    for (const child of children(await this.#read(descriptor, options))) {
      if (!await this.has(child, options)) return false;
    }
    return true;
  }

  async deferPrune(options: OperationOptions = {}): Promise<AsyncDisposable> {
    return await this.#store.lock.shared(options);
  }

  async stat(digest: Digest): Promise<Descriptor> {
    const size = await this.#store.blobs.size(digest);
    const blob = anonymousBlob(digest, size ?? 0);
    if (size === undefined || !await this.links.has(blob)) throw missing(this, digest);
    return blob;
  }

  filePath(descriptor: Descriptor): string {
    return this.#store.blobs.path(descriptor.digest);
  }

  async open(
    descriptor: Descriptor,
    options: OpenContentOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    options.signal?.throwIfAborted();
    if (!await this.links.has(descriptor)) throw missing(this, descriptor.digest);
    try {
      return await this.#store.blobs.open(descriptor.digest, options);
    } catch (error) {
      if (error instanceof NotFoundError) throw missing(this, descriptor.digest);
      throw error;
    }
  }

  async write(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions = {},
  ): Promise<void> {
    await using _lock = await this.deferPrune(options);
    if (!await this.#store.blobs.has(descriptor)) await this.#take(descriptor, source, options);
    await this.links.add(descriptor);
  }

  /** Adds a blob that is no member of the repository yet. */
  async #take(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions,
  ): Promise<void> {
    const { mediaType } = descriptor;
    const ingest = await this.#startIngest((file, blob) =>
      this.#store.blobs.add(file, { ...blob, mediaType })
    );
    try {
      const stream = await source.open({ signal: options.signal });
      await ingest.append(transformed(stream, (bytes) => sized(bytes, descriptor)), options);
      await ingest.commit(descriptor.digest, options);
    } catch (error) {
      await ingest.abort();
      throw error;
    }
  }

  async resolve(target: string, options: OperationOptions = {}): Promise<Descriptor> {
    const digest = isDigest(target) ? target : await this.links.tagged(target);
    if (!digest || !await this.links.hasManifest(digest)) throw missing(this, target);
    const size = await this.#store.blobs.size(digest);
    if (size === undefined) throw missing(this, digest);
    const document = await this.#read(anonymousBlob(digest, size), options);
    return { ...describeManifest(document), digest };
  }

  /** Whether there is such a tag or manifest, be it damaged or whole. */
  async knows(target: string): Promise<boolean> {
    return await (isDigest(target) ? this.links.hasManifest(target) : this.links.hasTag(target));
  }

  async tag(descriptor: Descriptor, tag: string, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const { digest } = await this.resolve(descriptor.digest, options);
    await this.links.tag(tag, digest);
  }

  tags(): AsyncIterable<string> {
    return this.links.tags();
  }

  origin(): Origin {
    return { place: this.#store.layout.root, repository: this.name };
  }

  async mount(
    descriptor: Descriptor,
    from: Origin,
    options: OperationOptions = {},
  ): Promise<boolean> {
    if (from.place !== this.#store.layout.root) return false;
    await using _lock = await this.deferPrune(options);
    const sibling = new DiskRepository(from.repository, this.#store);
    if (!await sibling.has(descriptor, options)) return false;
    await this.links.add(descriptor);
    return true;
  }

  async *referrers(subject: Descriptor, options: ReferrerOptions = {}): AsyncIterable<Descriptor> {
    for (const digest of await this.links.members("_manifests/revisions")) {
      const document = await this.readIfWhole(digest, options);
      if (document?.subject?.digest !== subject.digest) continue;
      const referrer = referrerDescriptor(document);
      if (options.artifactType && referrer.artifactType !== options.artifactType) continue;
      yield referrer;
    }
  }

  async delete(descriptor: Descriptor, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    if (!await this.links.has(descriptor)) throw missing(this, descriptor.digest);
    await this.links.remove(descriptor);
  }

  async untag(tag: string, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    if (!await this.links.hasTag(tag)) throw missing(this, tag);
    await this.links.untag(tag);
  }

  async ingest(): Promise<Ingest> {
    return await this.#startIngest(this.#addMember);
  }

  async resumeIngest(id: string): Promise<Ingest> {
    const uploads = this.#store.layout.uploads(this.name);
    const known = /^[0-9a-f-]{36}$/.test(id) &&
      await lstatIfExists(join(uploads, id, "startedat")) !== undefined;
    if (!known) {
      throw new NotFoundError(`Cannot resume upload ${quote(id)}: no such upload`);
    }
    const digester = this.#store.digesters.of(id);
    return await DiskIngest.open(uploads, id, { digester, keep: this.#addMember });
  }

  async #startIngest(keep: DiskIngestOptions["keep"]): Promise<DiskIngest> {
    const id = randomUUID();
    const digester = this.#store.digesters.of(id);
    return await DiskIngest.create(this.#store.layout.uploads(this.name), id, { digester, keep });
  }

  readonly #addMember: DiskIngestOptions["keep"] = async (file, blob, options) => {
    await using _lock = await this.deferPrune(options);
    await this.#store.blobs.add(file, blob);
    await this.links.add(blob);
  };

  /** A manifest of this repository; `undefined`, with a word in the log, when it cannot be read. */
  async readIfWhole(
    digest: Digest,
    options: OperationOptions,
  ): Promise<ManifestDocument | undefined> {
    try {
      return await this.#read(await this.resolve(digest, options), options);
    } catch (error) {
      options.signal?.throwIfAborted();
      options.log?.("warning", `Cannot read manifest ${this.name}@${digest}`, { error });
      return undefined;
    }
  }

  async #read(descriptor: Descriptor, options: OperationOptions): Promise<ManifestDocument> {
    // The link of a manifest is that of its revision, whatever type the caller knows it by.
    const manifest = { ...descriptor, mediaType: MediaType.imageManifest };
    return parseManifest(await readContent(this, manifest, options));
  }
}
