/**
 * The store interfaces: everything that can check, open and write content.
 *
 * Memory, the disk and a registry implement them; `copyGraph` moves content between any two. What only
 * some stores can do is an optional interface with a guard beside it.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { isDigest } from "../core/digest.ts";
import { IntegrityError, NotFoundError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource, ByteRange } from "../core/source.ts";
import { readAll, transformed, verified } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import { describeBytes, type Descriptor } from "./descriptor.ts";
import { MANIFEST_SIZE_LIMIT, type ManifestDocument, parseManifest } from "./manifest.ts";
import { MediaType } from "./media_types.ts";

/** How to open content of a store. */
export interface OpenContentOptions extends OperationOptions {
  /** Only these bytes; everything when absent. */
  readonly range?: ByteRange;
}

/** One repository of content: blobs, manifests, and tags that name manifests. */
export interface ContentStore {
  /** What people call it in messages: `localhost:5000/models/demo`. */
  readonly name: string;
  /** Whether the content is here, complete. */
  has(descriptor: Descriptor, options?: OperationOptions): Promise<boolean>;
  /**
   * Opens content as a stream. The bytes are as the store holds them: whoever needs proof reads through
   * {@linkcode openVerified}.
   * @throws {NotFoundError} when the content is not here.
   */
  open(descriptor: Descriptor, options?: OpenContentOptions): Promise<ReadableStream<Uint8Array>>;
  /**
   * Takes content in. Size and digest are verified before it exists under its digest; content that is
   * here already is not read again.
   * @throws {IntegrityError} when the source is not what the descriptor says.
   */
  write(descriptor: Descriptor, source: BlobSource, options?: OperationOptions): Promise<void>;
  /**
   * The descriptor of the manifest that a tag or a digest names.
   * @throws {NotFoundError} when there is none.
   */
  resolve(target: string, options?: OperationOptions): Promise<Descriptor>;
  /** Lets a tag name a manifest that is here, wherever it pointed before. */
  tag(descriptor: Descriptor, tag: string, options?: OperationOptions): Promise<void>;
  /** The tags in bytewise order. */
  tags(options?: OperationOptions): AsyncIterable<string>;
}

/** A set of repositories: the local store, or a registry seen as one. */
export interface Catalog {
  /** The repository of that name; it need not exist yet. */
  repository(name: string): ContentStore;
  /** The names of the repositories that exist, in bytewise order. */
  repositories(options?: OperationOptions): AsyncIterable<string>;
}

/** A store made of others. */
export interface Layered {
  /** The store that holds a content, which a target may know how to mount from. */
  holder(descriptor: Descriptor): ContentStore;
}

/** A store that can take content from a sibling without the bytes passing through this program. */
export interface Mountable {
  /** Tries to take content over from `from`; `false` when it has to be written instead. */
  mount(descriptor: Descriptor, from: ContentStore, options?: OperationOptions): Promise<boolean>;
}

/** A store that knows which manifests refer to a manifest. */
export interface ReferrerLister {
  /**
   * Manifests whose subject is `subject`, each with its artifact type and annotations; only those of
   * `artifactType` when one is given.
   */
  referrers(
    subject: Descriptor,
    options?: OperationOptions & { readonly artifactType?: string },
  ): AsyncIterable<Descriptor>;
}

/** A store that can forget. */
export interface Deletable {
  /**
   * Removes content from the repository, together with the tags that name it.
   * @throws {NotFoundError} when it is not here.
   */
  delete(descriptor: Descriptor, options?: OperationOptions): Promise<void>;
  /**
   * Removes a tag and leaves the manifest.
   * @throws {NotFoundError} when there is no such tag.
   */
  untag(tag: string, options?: OperationOptions): Promise<void>;
}

/** A store that knows the size of content of which only the digest is given. */
export interface Stattable {
  /**
   * The descriptor of a blob, of media type `application/octet-stream`.
   * @throws {NotFoundError} when the blob is not here.
   */
  stat(digest: Digest, options?: OperationOptions): Promise<Descriptor>;
}

/** A store that keeps every content as a file of its own. */
export interface FileBacked {
  /** Path of the file that holds a content: to be read, never to be written to or linked. */
  filePath(descriptor: Descriptor): string;
}

/** A store that somebody may clean up behind a writer's back. */
export interface Holdable {
  /** Keeps what is here from being cleaned up until disposed, so that what was checked stays true. */
  hold(options?: OperationOptions): Promise<AsyncDisposable>;
}

/** Content on its way into a store, whose digest may not be known yet. */
export interface Ingest extends AsyncDisposable {
  /** Names this ingest; it can be taken up again under this name until it is committed or aborted. */
  readonly id: string;
  /** Bytes taken in so far. */
  readonly size: number;
  /** Adds bytes at the end. When the stream fails, what came before the failure stays. */
  append(stream: ReadableStream<Uint8Array>, options?: OperationOptions): Promise<void>;
  /**
   * Verifies the bytes against `expected` where it is given, gives the content its final name and
   * returns its descriptor, of media type `application/octet-stream`.
   * @throws {IntegrityError} when the digest is another; the ingest is then gone.
   */
  commit(expected?: Digest, options?: OperationOptions): Promise<Descriptor>;
  /** Forgets everything taken in. */
  abort(): Promise<void>;
  /** Lets go of files and locks. What was taken in stays and can be taken up again. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A store that takes content in a single pass and computes its digest on the way. */
export interface Ingesting {
  /** Starts an ingest. */
  ingest(options?: OperationOptions): Promise<Ingest>;
  /**
   * Takes up an ingest that was started earlier, perhaps by another process.
   * @throws {NotFoundError} when there is none of that id.
   */
  resumeIngest(id: string, options?: OperationOptions): Promise<Ingest>;
}

/** Whether a store is made of others. */
export function isLayered(store: ContentStore): store is ContentStore & Layered {
  return "holder" in store;
}

/** Whether a store can take content over from a sibling. */
export function canMount(store: ContentStore): store is ContentStore & Mountable {
  return "mount" in store;
}

/** Whether a store can list referrers. */
export function canListReferrers(store: ContentStore): store is ContentStore & ReferrerLister {
  return "referrers" in store;
}

/** Whether a store can forget. */
export function canDelete(store: ContentStore): store is ContentStore & Deletable {
  return "delete" in store;
}

/** Whether a store knows the size of its blobs. */
export function canStat(store: ContentStore): store is ContentStore & Stattable {
  return "stat" in store;
}

/** Whether a store keeps every content as a file. */
export function isFileBacked(store: ContentStore): store is ContentStore & FileBacked {
  return "filePath" in store;
}

/** Whether a store can be kept from being cleaned up. */
export function canHold(store: ContentStore): store is ContentStore & Holdable {
  return "hold" in store;
}

/** Whether a store takes content in a single pass. */
export function canIngest(store: ContentStore): store is ContentStore & Ingesting {
  return "ingest" in store;
}

/** Content of a store as a source that can be opened again. */
export function storeSource(store: ContentStore, descriptor: Descriptor): BlobSource {
  return {
    size: descriptor.size,
    open: (options) => store.open(descriptor, options),
  };
}

/** Opens content and fails at the end of the stream if it is not what the descriptor says. */
export async function openVerified(
  store: ContentStore,
  descriptor: Descriptor,
  options: OperationOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  const stream = await store.open(descriptor, options);
  const what = `${descriptor.digest} of ${store.name}`;
  return transformed(stream, (bytes) => verified(bytes, descriptor, what));
}

/**
 * Reads small content into memory, verified.
 * @throws {IntegrityError} before anything is read when the descriptor promises more than `limit` bytes.
 */
export async function readContent(
  store: ContentStore,
  descriptor: Descriptor,
  options: OperationOptions & { readonly limit?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const limit = options.limit ?? MANIFEST_SIZE_LIMIT;
  if (descriptor.size > limit) {
    throw new IntegrityError(
      `Cannot read ${descriptor.digest} of ${store.name}: ` +
        `${descriptor.size} bytes are more than the limit of ${limit} for documents`,
      { expected: limit, actual: descriptor.size },
    );
  }
  return await readAll(await openVerified(store, descriptor, options), limit);
}

/** Reads and parses a manifest or index of a store, verified. */
export async function readManifest(
  store: ContentStore,
  descriptor: Descriptor,
  options: OperationOptions = {},
): Promise<ManifestDocument> {
  return parseManifest(await readContent(store, descriptor, options), descriptor.mediaType);
}

/** The descriptor of a document in bytes, with the media type the document has. */
export function describeManifest(document: ManifestDocument): Descriptor {
  return {
    ...describeBytes(document.mediaType, document.bytes),
    ...(document.artifactType === undefined ? {} : { artifactType: document.artifactType }),
  };
}

/** The error of every store for content or a name that it does not have. */
export function missing(store: Pick<ContentStore, "name">, target: string): NotFoundError {
  const name = isDigest(target) ? `${store.name}@${target}` : `${store.name}:${target}`;
  return new NotFoundError(`Cannot find ${quote(name)}: ${store.name} does not have it`, {
    reference: name,
  });
}

/** A descriptor for content of which only the digest and size are known. */
export function anonymousBlob(digest: Digest, size: number): Descriptor {
  return { mediaType: MediaType.octetStream, digest, size };
}
