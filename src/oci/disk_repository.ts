/**
 * One repository of the local store.
 *
 * Blobs are shared by all repositories; a link file makes one a member of a repository. A tag is a link
 * as well. Links are written last, so that whatever has a name is complete.
 * @module
 */
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { type Digest, digestAlgorithm, digestBytes, isDigest } from "../core/digest.ts";
import { IntegrityError, NotFoundError } from "../core/errors.ts";
import {
  lstatIfExists,
  readDirIfExists,
  readTextIfExists,
  removeIfExists,
  syncFolder,
  writeFileAtomic,
} from "../core/files.ts";
import { explainRead, explainWrite, isMissing } from "../core/file_errors.ts";
import { fileSource } from "../core/file_source.ts";
import type { OperationOptions } from "../core/operation.ts";
import { type BlobSource } from "../core/source.ts";
import { sized, transformed } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import {
  type Ingest,
  methods,
  type Origin,
  OWNER_CAPABILITIES,
  type ReferrerOptions,
  type StoreCapabilities,
} from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import { type Adopt, DiskIngest, type IngestDigesters } from "./disk_ingest.ts";
import type { DiskLayout } from "./disk_layout.ts";
import { children, type ManifestDocument, parseManifest } from "./manifest.ts";
import { isManifestType, MediaType } from "./media_types.ts";
import { referrerDescriptor } from "./referrer.ts";
import {
  anonymousBlob,
  type ContentStore,
  describeManifest,
  missing,
  type OpenContentOptions,
  readContent,
} from "./store.ts";
import type { StoreLock } from "./store_lock.ts";

/** Digest algorithms whose links are looked for when a repository is listed. */
const ALGORITHMS = ["sha256", "sha512"] as const;

/** What the repositories of one store share. */
export interface SharedStore {
  /** Where everything lies. */
  readonly layout: DiskLayout;
  /** The lock that keeps prune away. */
  readonly lock: StoreLock;
  /** What has hashed the bytes of unfinished uploads. */
  readonly digesters: IngestDigesters;
}

const CAPABILITIES = [...OWNER_CAPABILITIES, "filePath", "deferPrune"] as const;

/** One repository of the local store, with every capability. */
export class DiskRepository implements ContentStore, StoreCapabilities {
  /** What people call the store in messages. */
  readonly name: string;
  readonly #shared: SharedStore;
  readonly #layout: DiskLayout;

  /** Opens the repository `name` of a store; it is made when something is written. */
  constructor(name: string, shared: SharedStore) {
    this.name = name;
    this.#shared = shared;
    this.#layout = shared.layout;
    this.#layout.repository(name);
  }

  /** As {@linkcode ContentStore.capabilities} says. */
  get capabilities(): StoreCapabilities {
    return methods(this, CAPABILITIES);
  }

  /** Whether the content is here; for a manifest, whether everything it needs is here too. */
  async has(descriptor: Descriptor, options: OperationOptions = {}): Promise<boolean> {
    if (!await this.#isMember(descriptor)) return false;
    if (!await this.#holds(descriptor)) return false;
    if (!isManifestType(descriptor.mediaType)) return true;
    for (const child of children(await this.#read(descriptor, options))) {
      if (!await this.has(child, options)) return false;
    }
    return true;
  }

  /** As {@linkcode StoreCapabilities.deferPrune} says. */
  async deferPrune(options: OperationOptions = {}): Promise<AsyncDisposable> {
    return await this.#shared.lock.shared(options);
  }

  /** As {@linkcode StoreCapabilities.stat} says. */
  async stat(digest: Digest): Promise<Descriptor> {
    const size = await this.#sizeOf(digest);
    const blob = anonymousBlob(digest, size ?? 0);
    if (size === undefined || !await this.#isMember(blob)) throw missing(this, digest);
    return blob;
  }

  /** As {@linkcode StoreCapabilities.filePath} says. */
  filePath(descriptor: Descriptor): string {
    return this.#layout.blobData(descriptor.digest);
  }

  /** As {@linkcode ContentStore.open} says. */
  async open(
    descriptor: Descriptor,
    options: OpenContentOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    options.signal?.throwIfAborted();
    if (!await this.#isMember(descriptor)) throw missing(this, descriptor.digest);
    try {
      const source = await fileSource(this.#layout.blobData(descriptor.digest));
      return await source.open(options);
    } catch (error) {
      if (error instanceof NotFoundError) throw missing(this, descriptor.digest);
      throw error;
    }
  }

  /** As {@linkcode ContentStore.write} says. */
  async write(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions = {},
  ): Promise<void> {
    await using _lock = await this.deferPrune(options);
    if (!await this.#holds(descriptor)) await this.#take(descriptor, source, options);
    await this.#link(descriptor);
  }

  async #take(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions,
  ): Promise<void> {
    const { mediaType } = descriptor;
    const ingest = await this.#startIngest((file, blob) =>
      this.#adopt(file, { ...blob, mediaType })
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

  /** As {@linkcode ContentStore.resolve} says. */
  async resolve(target: string, options: OperationOptions = {}): Promise<Descriptor> {
    const digest = isDigest(target) ? target : await this.tagged(target);
    if (!digest || !await this.#exists(this.#layout.revisionLink(this.name, digest))) {
      throw missing(this, target);
    }
    const size = await this.#sizeOf(digest);
    if (size === undefined) throw missing(this, digest);
    const document = await this.#read(anonymousBlob(digest, size), options);
    return { ...describeManifest(document), digest };
  }

  /** Whether there is such a tag or manifest, be it damaged or whole. */
  async knows(target: string): Promise<boolean> {
    return await this.#exists(
      isDigest(target)
        ? this.#layout.revisionLink(this.name, target)
        : this.#layout.tagCurrent(this.name, target),
    );
  }

  /** As {@linkcode ContentStore.tag} says. */
  async tag(descriptor: Descriptor, tag: string, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const { digest } = await this.resolve(descriptor.digest, options);
    const current = this.#layout.tagCurrent(this.name, tag);
    const before = await this.#linkedDigest(current);
    await this.#writeLink(this.#layout.tagIndex(this.name, tag, digest), digest);
    await this.#writeLink(current, digest);
    if (before && before !== digest) await this.#releaseUntagged(before);
  }

  /** As {@linkcode ContentStore.tags} says. */
  async *tags(): AsyncIterable<string> {
    for (const entry of await readDirIfExists(this.#layout.tags(this.name))) {
      // A folder without its link is a tag that is just being made or removed.
      const current = this.#layout.tagCurrent(this.name, entry.name);
      if (entry.isDirectory && await this.#exists(current)) yield entry.name;
    }
  }

  /** The digests of the manifests in this repository, tagged or not. */
  async revisions(): Promise<Digest[]> {
    return await this.#linked((algorithm) => this.#layout.revisions(this.name, algorithm));
  }

  /** The digests of the layers and configurations in this repository. */
  async layers(): Promise<Digest[]> {
    return await this.#linked((algorithm) => this.#layout.layerLinks(this.name, algorithm));
  }

  /** As {@linkcode StoreCapabilities.origin} says. */
  origin(): Origin {
    return { place: this.#layout.root, repository: this.name };
  }

  /** As {@linkcode StoreCapabilities.mount} says. */
  async mount(
    descriptor: Descriptor,
    from: Origin,
    options: OperationOptions = {},
  ): Promise<boolean> {
    if (from.place !== this.#layout.root) return false;
    await using _lock = await this.deferPrune(options);
    const sibling = new DiskRepository(from.repository, this.#shared);
    if (!await sibling.has(descriptor, options)) return false;
    await this.#link(descriptor);
    return true;
  }

  /** As {@linkcode StoreCapabilities.referrers} says. */
  async *referrers(
    subject: Descriptor,
    options: ReferrerOptions = {},
  ): AsyncIterable<Descriptor> {
    for (const digest of await this.revisions()) {
      const document = await this.#readIfWhole(digest, options);
      if (document?.subject?.digest !== subject.digest) continue;
      const referrer = referrerDescriptor(document);
      if (options.artifactType && referrer.artifactType !== options.artifactType) continue;
      yield referrer;
    }
  }

  /** As {@linkcode StoreCapabilities.delete} says. */
  async delete(descriptor: Descriptor, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const link = this.#memberLink(descriptor);
    if (!await this.#exists(link)) throw missing(this, descriptor.digest);
    if (isManifestType(descriptor.mediaType)) {
      for await (const tag of this.tags()) {
        const current = this.#layout.tagCurrent(this.name, tag);
        if (await this.#linkedDigest(current) === descriptor.digest) await this.untag(tag, options);
      }
    }
    await this.#remove(dirname(link));
  }

  /** As {@linkcode StoreCapabilities.untag} says. */
  async untag(tag: string, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const current = this.#layout.tagCurrent(this.name, tag);
    if (!await this.#exists(current)) throw missing(this, tag);
    const before = await this.#linkedDigest(current);
    // The link goes first: whatever happens then, the tag names nothing.
    await this.#remove(current);
    await this.#remove(this.#layout.tag(this.name, tag));
    if (before) await this.#releaseUntagged(before);
  }

  /**
   * Lets prune take a manifest at once when no tag names it any more: somebody wanted it gone. A manifest
   * that never had a tag may be part of a push that is still going on.
   */
  async #releaseUntagged(digest: Digest): Promise<void> {
    for await (const tag of this.tags()) {
      if (await this.#linkedDigest(this.#layout.tagCurrent(this.name, tag)) === digest) return;
    }
    const link = this.#layout.revisionLink(this.name, digest);
    if (await this.#exists(link)) await Deno.utime(link, 0, 0);
  }

  /** As {@linkcode StoreCapabilities.ingest} says. */
  async ingest(): Promise<Ingest> {
    return await this.#startIngest((file, blob, options) =>
      this.#adoptAndLink(file, blob, options)
    );
  }

  /** As {@linkcode StoreCapabilities.resumeIngest} says. */
  async resumeIngest(id: string): Promise<Ingest> {
    const uploads = this.#layout.uploads(this.name);
    const known = /^[0-9a-f-]{36}$/.test(id) && await this.#exists(`${uploads}/${id}/startedat`);
    if (!known) {
      throw new NotFoundError(`Cannot resume upload ${quote(id)}: no such upload`);
    }
    return await DiskIngest.open(uploads, id, {
      digester: this.#shared.digesters.of(id),
      adopt: (file, blob, options) => this.#adoptAndLink(file, blob, options),
    });
  }

  async #startIngest(adopt: Adopt): Promise<DiskIngest> {
    const id = randomUUID();
    const digester = this.#shared.digesters.of(id);
    return await DiskIngest.create(this.#layout.uploads(this.name), id, { digester, adopt });
  }

  /** Gives a verified file its final name, or leaves it where it is when the content is here. */
  async #adopt(file: string, blob: Descriptor): Promise<void> {
    if (await this.#holds(blob)) return;
    const folder = this.#layout.blobFolder(blob.digest);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.rename(file, this.#layout.blobData(blob.digest));
    await syncFolder(folder);
  }

  async #adoptAndLink(
    file: string,
    blob: Descriptor,
    options: OperationOptions,
  ): Promise<void> {
    await using _lock = await this.deferPrune(options);
    await this.#adopt(file, blob);
    await this.#link(blob);
  }

  /**
   * Whether the store holds the content's bytes, for whichever repository. Documents are small enough to
   * be looked at; blobs were verified when they came, and are again when they are extracted.
   */
  async #holds({ mediaType, digest, size }: Descriptor): Promise<boolean> {
    if (await this.#sizeOf(digest) !== size) return false;
    if (!isManifestType(mediaType)) return true;
    const bytes = await Deno.readFile(this.#layout.blobData(digest));
    return digestBytes(bytes, digestAlgorithm(digest)) === digest;
  }

  async #sizeOf(digest: Digest): Promise<number | undefined> {
    try {
      return (await Deno.stat(this.#layout.blobData(digest))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw explainRead(this.#layout.blobData(digest), error);
    }
  }

  async #isMember(descriptor: Descriptor): Promise<boolean> {
    return await this.#exists(this.#memberLink(descriptor));
  }

  #memberLink(descriptor: Descriptor): string {
    return isManifestType(descriptor.mediaType)
      ? this.#layout.revisionLink(this.name, descriptor.digest)
      : this.#layout.layerLink(this.name, descriptor.digest);
  }

  /** Makes content a member; its link is as young as the latest wish for it, which prune respects. */
  async #link(descriptor: Descriptor): Promise<void> {
    const path = this.#memberLink(descriptor);
    if (!await this.#writeLink(path, descriptor.digest)) {
      const now = new Date();
      await Deno.utime(path, now, now);
    }
  }

  /** Writes a link; `false` when it is there already. */
  async #writeLink(path: string, digest: Digest): Promise<boolean> {
    if (await this.#linkedDigest(path) === digest) return false;
    await writeFileAtomic(path, new TextEncoder().encode(digest));
    return true;
  }

  /**
   * The digest a tag names, whether or not its manifest can be read; `undefined` for no tag.
   * @throws {IntegrityError} when the tag is there and its link is damaged.
   */
  async tagged(tag: string): Promise<Digest | undefined> {
    const path = this.#layout.tagCurrent(this.name, tag);
    const digest = await this.#linkedDigest(path);
    if (digest || !await this.#exists(path)) return digest;
    throw new IntegrityError(`Cannot read tag "${this.name}:${tag}": its link is damaged`, {
      reference: `${this.name}:${tag}`,
      path,
      remedy: "write the tag again with push, pull or build, or remove it with rm",
    });
  }

  /** The digest that a link holds; `undefined` for none, or a damaged one. */
  async #linkedDigest(path: string): Promise<Digest | undefined> {
    try {
      const text = (await readTextIfExists(path))?.trim();
      return text !== undefined && isDigest(text) ? text : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.IsADirectory) return undefined;
      throw explainRead(path, error);
    }
  }

  /** A manifest of this repository; `undefined`, with a word in the log, when it cannot be read. */
  async #readIfWhole(
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
    const held = { ...descriptor, mediaType: MediaType.imageManifest };
    const bytes = await readContent(this, held, options);
    return parseManifest(bytes);
  }

  async #linked(folder: (algorithm: string) => string): Promise<Digest[]> {
    const found: Digest[] = [];
    for (const algorithm of ALGORITHMS) {
      for (const entry of await readDirIfExists(folder(algorithm))) {
        const digest = `${algorithm}:${entry.name}`;
        if (isDigest(digest)) found.push(digest);
      }
    }
    return found;
  }

  async #exists(path: string): Promise<boolean> {
    return await lstatIfExists(path) !== undefined;
  }

  async #remove(path: string): Promise<void> {
    try {
      await removeIfExists(path);
    } catch (error) {
      throw explainWrite(path, error);
    }
  }
}
