/**
 * One repository of the local store.
 *
 * Blobs are shared by all repositories; a link makes one a member of a repository. A tag is a link
 * as well. Links are written last, so that whatever has a name is complete.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { mapConcurrent } from "../core/concurrency.ts";
import { type Digest, isDigest } from "../core/digest.ts";
import { NotFoundError } from "../core/errors.ts";
import { isOfThisRun } from "../core/file_errors.ts";
import { lstatIfExists } from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import { collectGarbage, collectInSeries } from "../core/runtime/garbage.ts";
import type { BlobSource, ToFileOptions } from "../core/content/source.ts";
import { quote } from "../core/text.ts";
import { inTurn } from "../work/turns.ts";
import { WORTH_A_WORKER } from "../work/task.ts";
import type {
  EarlierName,
  Ingest,
  LocalCapabilities,
  Origin,
  ReferrerOptions,
  StoreRoom,
} from "./capabilities.ts";
import { methods, OWNER_CAPABILITIES } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import type { IndexedRepository } from "./disk/referrers_index.ts";
import type { FileStamp } from "./disk_blobs.ts";
import { SMALL_BLOB, takeSmall } from "./disk/small_blob.ts";
import type { DiskIngest, DiskIngestOptions } from "./disk_ingest.ts";
import { roomFor } from "./disk/room.ts";
import { DiskLinks } from "./disk_links.ts";
import type { DiskStore } from "./disk_store.ts";
import { children, type ManifestDocument, parseLongManifest } from "./manifest.ts";
import { isManifestType, MediaType } from "./media_types.ts";
import type {
  ContentStore,
  GiveTagOptions,
  OpenContentOptions,
  TagOptions,
  WriteContentOptions,
} from "./store.ts";
import { anonymousBlob, describeManifest, missing, readContent } from "./store.ts";

/** Manifests from this size on, in bytes, leave a lot behind when they were read. */
const LARGE_MANIFEST = 1024 * 1024;

/** One repository of the local store, with every capability. */
export class DiskRepository implements ContentStore, LocalCapabilities {
  readonly name: string;
  /** What has a name in this repository. */
  readonly links: DiskLinks;
  readonly #store: DiskStore;

  /** Opens the repository `name` of a store; it is made when something is written. */
  constructor(name: string, store: DiskStore) {
    this.name = name;
    this.links = new DiskLinks(store.layout, name, store.tagListings, store.repositoryMade);
    this.#store = store;
  }

  get capabilities(): LocalCapabilities {
    return methods(this, [
      ...OWNER_CAPABILITIES,
      "toFile",
      "read",
      "filePath",
      "roomFor",
      "deferPrune",
      "promise",
      "earlier",
    ]);
  }

  /** Whether the content is here; for a manifest, whether everything it needs is here too. */
  async has(descriptor: Descriptor, options: OperationOptions = {}): Promise<boolean> {
    return await this.#hasAll(descriptor, new Set(), options);
  }

  /**
   * Indexes may list one manifest many times over: `seen` are those that are whole, or looked at.
   */
  async #hasAll(
    descriptor: Descriptor,
    seen: Set<Digest>,
    options: OperationOptions,
  ): Promise<boolean> {
    if (seen.has(descriptor.digest)) return true;
    seen.add(descriptor.digest);
    collectInSeries(seen.size);
    options.signal?.throwIfAborted();
    if (!await this.#holds(descriptor, options)) return false;
    if (!isManifestType(descriptor.mediaType)) return true;
    for (const child of children(await this.#read(descriptor, options))) {
      if (!await this.#hasAll(child, seen, options)) return false;
    }
    return true;
  }

  /**
   * Whether a member's bytes are here. They were verified before its link was written; what was
   * written to since then is read again, and documents, which are small, in any case.
   */
  async #holds(descriptor: Descriptor, options: OperationOptions): Promise<boolean> {
    const { blobs } = this.#store;
    const since = await this.links.writtenAt(descriptor);
    if (since === undefined || !await blobs.has(descriptor)) return false;
    if (isManifestType(descriptor.mediaType)) return await blobs.isRight(descriptor, options);
    if (!await blobs.changedSince(descriptor.digest, since)) return true;
    if (!await blobs.isRight(descriptor, options)) return false;
    await this.links.add(descriptor);
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

  async toFile(
    descriptor: Descriptor,
    path: string,
    options?: ToFileOptions,
  ): Promise<Digest | undefined> {
    if (!await this.links.has(descriptor)) throw missing(this, descriptor.digest);
    const { localFile } = await import("../work/local_file.ts");
    const source = await localFile(this.filePath(descriptor));
    return await source.toFile(path, options);
  }

  async read(descriptor: Descriptor, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!await this.links.has(descriptor)) throw missing(this, descriptor.digest);
    const bytes = await this.#store.blobs.read(descriptor.digest, limit);
    if (bytes === undefined) throw missing(this, descriptor.digest);
    return bytes;
  }

  filePath(descriptor: Descriptor): string {
    return this.#store.blobs.path(descriptor.digest);
  }

  roomFor(descriptor: Descriptor): StoreRoom {
    const { folder, layout } = this.#store;
    return { folder, bytes: roomFor(layout, this.name, descriptor) };
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
    options: WriteContentOptions = {},
  ): Promise<void> {
    await using _lock = await this.deferPrune(options);
    {
      await using _turn = await this.#turn(descriptor, source, options);
      // What somebody else brought is read again before it is a member of this repository.
      if (!await this.#store.blobs.isRight(descriptor, options)) {
        await this.#take(descriptor, source, options);
      } else source.noteKept?.(descriptor.size);
    }
    await this.#join(descriptor, options);
    if (!isManifestType(descriptor.mediaType)) return;
    if (options.document) this.#store.described.hold(descriptor.digest, options.document);
    await this.#noteReferrer(descriptor, options);
  }

  /**
   * The turn at a blob. Two commands may bring what is small and at hand at the same time: to wait
   * for each other would take longer.
   */
  async #turn(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions,
  ): Promise<AsyncDisposable | undefined> {
    if (source.read !== undefined && source.size <= SMALL_BLOB) return undefined;
    return await this.#store.turns.take(descriptor, options);
  }

  /** Notes a manifest that refers to another where lists of referrers look. */
  async #noteReferrer(descriptor: Descriptor, options: WriteContentOptions): Promise<void> {
    const document = options.document ?? await this.#readReferrer(descriptor, options);
    if (!document?.subject) return;
    const { noteReferrer } = await import("./disk/referrers_index.ts");
    await noteReferrer(this.#indexed(options), descriptor.digest, document, options);
  }

  /** A manifest, if it may be a referrer. Most have no subject, and a large one takes long. */
  async #readReferrer(
    descriptor: Descriptor,
    options: OperationOptions,
  ): Promise<ManifestDocument | undefined> {
    const text = new TextDecoder().decode(await this.read(descriptor, descriptor.size));
    // One whose word is written in another way is read when a list is asked for.
    if (!text.includes('"subject"')) return undefined;
    return await this.readIfWhole(descriptor.digest, options);
  }

  #indexed(options: OperationOptions): IndexedRepository {
    return {
      folder: this.#store.layout.repository(this.name),
      members: () => this.links.members("_manifests/revisions"),
      read: (digest) => this.readIfWhole(digest, options),
      lock: () => this.deferPrune(options),
    };
  }

  /** Adds a blob that is no member of the repository yet. */
  async #take(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions,
  ): Promise<void> {
    if (source.toFile && source.size >= WORTH_A_WORKER) {
      const { receiveBlob } = await import("./disk/receive_blob.ts");
      const place = { store: this.#store, repository: this.name };
      return await receiveBlob(descriptor, source, { ...options, ...place });
    }
    if (source.size <= SMALL_BLOB) {
      const uploads = this.#store.layout.uploads(this.name);
      return await takeSmall(descriptor, source, { ...options, store: this.#store, uploads });
    }
    const { sized } = await import("../core/streams.ts");
    const ingest = await this.#startIngest((file, blob) => this.#store.blobs.add(file, blob));
    try {
      const stream = await source.open({ signal: options.signal });
      await ingest.append(sized(stream, descriptor), options);
      await ingest.commit(descriptor.digest, options);
    } catch (error) {
      await ingest.abort();
      throw error;
    }
  }

  async resolve(target: string, options: OperationOptions = {}): Promise<Descriptor> {
    const digest = isDigest(target) ? target : await this.links.tagged(target);
    if (!digest) throw missing(this, target);
    const found = await this.#stampOf(digest);
    return await this.#store.described.of(digest, found, async () => {
      const document = await this.#read(anonymousBlob(digest, found.size), options);
      return describeManifest(document, digest);
    });
  }

  /** The file of a manifest that is a member, as it is now. */
  async #stampOf(digest: Digest): Promise<FileStamp> {
    const found = await this.links.hasManifest(digest) && await this.#store.blobs.stamp(digest);
    if (!found) throw missing(this, digest);
    return found;
  }

  /** Whether there is such a tag or manifest, be it damaged or whole. */
  async knows(target: string): Promise<boolean> {
    return await (isDigest(target) ? this.links.hasManifest(target) : this.links.hasTag(target));
  }

  /** As `LocalRepository` says. */
  async named(tag: string): Promise<Digest | undefined> {
    return await this.links.named(tag);
  }

  /** As `LocalRepository` says. */
  async notePulled(tag: string): Promise<void> {
    await this.links.notePulled(tag);
  }

  /** As `LocalRepository` says. */
  async wasPulled(tag: string): Promise<boolean> {
    return await this.links.wasPulled(tag);
  }

  async tag(descriptor: Descriptor, tag: string, options: GiveTagOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const { digest } = descriptor;
    const stamp = await this.#stampOf(digest);
    const { namedBy } = options;
    const isFlushed = namedBy !== undefined && await this.links.named(namedBy) === digest;
    if (!isFlushed) await this.#flush(digest, stamp, options);
    await using _turn = await this.#tagTurn(tag, options);
    await this.links.tag(tag, digest);
  }

  #tagTurn(tag: string, options: OperationOptions): Promise<AsyncDisposable> {
    return this.#turnAt(this.#store.layout.tag(this.name, tag), options);
  }

  #turnAt(folder: string, options: OperationOptions): Promise<AsyncDisposable> {
    return this.#store.turns.takeFolder(folder, options);
  }

  /** Flushes a manifest and all that it needs to the disk. */
  async #flush(digest: Digest, { size }: FileStamp, options: OperationOptions): Promise<void> {
    const { blobs, described } = this.#store;
    const { flushAll } = await import("./disk/flush.ts");
    await flushAll({ mediaType: MediaType.imageManifest, digest, size }, {
      ...options,
      blobs,
      links: this.links,
      read: async (manifest) =>
        described.held(manifest.digest) ?? await this.#read(manifest, options),
    });
  }

  async earlier(tag: string, options: OperationOptions = {}): Promise<readonly EarlierName[]> {
    const { earlierNames } = await import("./tags/earlier.ts");
    return await earlierNames(this.links, tag, options);
  }

  tags({ after }: TagOptions = {}): AsyncIterable<string> {
    return this.links.tags(after);
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
    await this.#join(descriptor, options);
    return true;
  }

  async *referrers(subject: Descriptor, options: ReferrerOptions = {}): AsyncIterable<Descriptor> {
    const { indexedReferrers } = await import("./disk/referrers_index.ts");
    for await (
      const referrer of indexedReferrers(this.#indexed(options), subject.digest, options)
    ) {
      const { artifactType } = options;
      if (artifactType === undefined || referrer.artifactType === artifactType) yield referrer;
    }
  }

  async promise(descriptor: Descriptor): Promise<void> {
    if (!await this.links.promise(descriptor)) throw missing(this, descriptor.digest);
  }

  async delete(descriptor: Descriptor, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    if (!await this.links.has(descriptor)) throw missing(this, descriptor.digest);
    const { digest, mediaType } = descriptor;
    const tags = isManifestType(mediaType) ? await this.links.tagsOf(digest) : [];
    await mapConcurrent(tags, async (tag) => {
      await using _turn = await this.#tagTurn(tag, options);
      if (await this.links.named(tag) === digest) await this.links.removeTag(tag);
    });
    await using _turn = await this.#turnAt(this.links.folderOf(descriptor), options);
    await this.links.remove(descriptor);
  }

  /**
   * Makes content a member. Only where that goes wrong, as when others remove the member at this
   * very moment, it is done in turn with them: thousands of small files need none.
   */
  async #join(descriptor: Descriptor, options: OperationOptions): Promise<void> {
    try {
      await this.links.add(descriptor);
    } catch {
      await using _turn = await this.#turnAt(this.links.folderOf(descriptor), options);
      await this.links.add(descriptor);
    }
  }

  async untag(tag: string, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    await using _turn = await this.#tagTurn(tag, options);
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
    const hash = (await this.#store.hashes()).of(id);
    const { DiskIngest } = await import("./disk_ingest.ts");
    return await DiskIngest.open(uploads, id, { hash, keep: this.#addMember });
  }

  async #startIngest(keep: DiskIngestOptions["keep"]): Promise<DiskIngest> {
    const id = crypto.randomUUID();
    const hash = (await this.#store.hashes()).of(id);
    const { DiskIngest } = await import("./disk_ingest.ts");
    return await DiskIngest.create(this.#store.layout.uploads(this.name), id, { hash, keep });
  }

  readonly #addMember: DiskIngestOptions["keep"] = async (file, blob, options) => {
    await using _lock = await this.deferPrune(options);
    await this.#store.blobs.add(file, blob);
    await this.#join(blob, options);
  };

  /**
   * A manifest of this repository; `undefined`, with a word in the log, when it is missing or
   * damaged.
   */
  async readIfWhole(
    digest: Digest,
    options: OperationOptions,
  ): Promise<ManifestDocument | undefined> {
    try {
      const size = await this.#store.blobs.size(digest);
      if (size === undefined) throw missing(this, digest);
      return await this.#read(anonymousBlob(digest, size), options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isOfThisRun(error)) throw error;
      options.log?.("warning", `Cannot read manifest ${this.name}@${digest}`, { error });
      return undefined;
    }
  }

  async #read(descriptor: Descriptor, options: OperationOptions): Promise<ManifestDocument> {
    // The link of a manifest is that of its revision, whatever type the caller knows it by.
    const manifest = { ...descriptor, mediaType: MediaType.imageManifest };
    const document = await inTurn(
      descriptor.size,
      async () => await parseLongManifest(await readContent(this, manifest, options)),
    );
    // What the text was parsed to before it was checked is as large as what stays.
    if (descriptor.size > LARGE_MANIFEST) collectGarbage();
    return document;
  }
}
