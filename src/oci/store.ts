/**
 * The store interfaces: everything that can check, open and write content.
 *
 * Memory, the disk and a registry implement them; `copyGraph` moves content between any two. What
 * only some stores can do is a capability, which wrappers can forward.
 * @module
 */
import { type Digest, isDigest } from "../core/digest.ts";
import { IntegrityError, NotFoundError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { type BlobSource, type ByteRange, taken } from "../core/content/source.ts";
import { checkContent } from "../core/content/expected_content.ts";
import { quote } from "../core/text.ts";
import { inTurn } from "../work/turns.ts";
import { capability, type Capable } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import { MANIFEST_SIZE_LIMIT, type ManifestDocument, parseManifest } from "./manifest.ts";
import { MediaType } from "./media_types.ts";

/** How to open content of a store. */
export interface OpenContentOptions extends OperationOptions {
  /** Only these bytes; everything when absent. */
  readonly range?: ByteRange;
  /**
   * The most bytes of the next piece of the stream, asked before each; where nobody asks, as many
   * as are fast.
   */
  readonly pieceSize?: () => number;
}

/** What is known of content that is written. */
export interface WriteContentOptions extends OperationOptions {
  /**
   * The document that the content is, where the caller has parsed it, and holds it until it has its
   * tags: a large one takes long to parse.
   */
  readonly document?: ManifestDocument;
}

/** Which tags to list. */
export interface TagOptions extends OperationOptions {
  /**
   * Those behind this one, for a page of a list: `""` for the first. A store may answer from what
   * it remembers then, so nothing that removes content goes by such a list.
   */
  readonly after?: string;
}

/** How a tag is given. */
export interface GiveTagOptions extends OperationOptions {
  /**
   * A tag of the same repository that may name the manifest already. What it names was made safe
   * from a power cut then, which takes seconds where there are thousands of layers.
   */
  readonly namedBy?: string;
}

/** One repository of content: blobs, manifests, and tags that name manifests. */
export interface ContentStore extends Capable {
  /** What people call it in messages: `localhost:5000/models/demo`. */
  readonly name: string;
  /** Whether the content is here, complete. */
  has(descriptor: Descriptor, options?: OperationOptions): Promise<boolean>;
  /**
   * Opens content as a stream. The bytes are as the store holds them: callers that need them
   * verified use {@linkcode openVerified}.
   * @throws {NotFoundError} when the content is not here.
   */
  open(descriptor: Descriptor, options?: OpenContentOptions): Promise<ReadableStream<Uint8Array>>;
  /**
   * Takes content in. Size and digest are verified before it exists under its digest; content that
   * is here already is not read again.
   * @throws {IntegrityError} when the source is not what the descriptor says.
   */
  write(descriptor: Descriptor, source: BlobSource, options?: WriteContentOptions): Promise<void>;
  /**
   * The descriptor of the manifest that a tag or a digest names.
   * @throws {NotFoundError} when there is none.
   */
  resolve(target: string, options?: OperationOptions): Promise<Descriptor>;
  /** Lets a tag name a manifest that is here, wherever it pointed before. */
  tag(descriptor: Descriptor, tag: string, options?: GiveTagOptions): Promise<void>;
  /** The tags in bytewise order. */
  tags(options?: TagOptions): AsyncIterable<string>;
}

/** Whoever has content that can be read: a store, or the part of one that keeps it. */
export type ContentHolder = Capable & Pick<ContentStore, "name" | "open">;

/** A set of repositories: the local store, or a registry seen as one. */
export interface Catalog {
  /** The repository of that name; it need not exist yet. */
  repository(name: string): ContentStore;
  /** The names of the repositories that exist, in bytewise order. */
  repositories(options?: OperationOptions): AsyncIterable<string>;
}

/**
 * Content of a store as a source that can be opened again. `total` is the size of all that is moved
 * together, in bytes, if it is not alone.
 */
export function storeSource(
  store: ContentHolder,
  descriptor: Descriptor,
  total: number = descriptor.size,
): BlobSource {
  const source = capability(store, "sourceOf")?.(descriptor);
  if (source !== undefined) return source;
  const toFile = capability(store, "toFile");
  return {
    size: descriptor.size,
    dominates: descriptor.size > total / 2,
    isLocal: capability(store, "filePath") !== undefined,
    open: (options) => store.open(descriptor, options),
    toFile: toFile && ((path, options) => toFile(descriptor, path, options)),
  };
}

/** Opens content and fails at the end of the stream if it is not what the descriptor says. */
export async function openVerified(
  store: ContentHolder,
  descriptor: Descriptor,
  options: OperationOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  const { transformed, verified } = await import("../core/streams.ts");
  const stream = await store.open(descriptor, options);
  return transformed(
    stream,
    (bytes) => verified(bytes, descriptor, contentName(store, descriptor)),
  );
}

/** What messages call a content. */
function contentName(store: ContentHolder, { digest }: Descriptor): string {
  return `${digest} of ${store.name}`;
}

/**
 * Reads small content into memory, verified.
 * @throws {IntegrityError} before anything is read when the descriptor promises more than `limit`
 * bytes.
 */
export async function readContent(
  store: ContentHolder,
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
  const read = capability(store, "read");
  if (read === undefined) {
    const { readAll } = await import("../core/streams.ts");
    const all = async () => await readAll(await openVerified(store, descriptor, options), limit);
    return await takenFrom(store, descriptor, all);
  }
  options.signal?.throwIfAborted();
  const bytes = await read(descriptor, limit);
  await checkContent(bytes, descriptor, contentName(store, descriptor));
  return bytes;
}

/** Does what takes a content of `store`, again while the store has it from another place. */
export async function takenFrom<Result>(
  store: Capable,
  descriptor: Descriptor,
  work: () => Promise<Result>,
): Promise<Result> {
  const elsewhere = capability(store, "elsewhere");
  return await taken(work, elsewhere && ((failure) => elsewhere(descriptor, failure)));
}

/** Reads and parses a manifest or index of a store, verified. */
export async function readManifest(
  store: ContentHolder,
  descriptor: Descriptor,
  options: OperationOptions = {},
): Promise<ManifestDocument> {
  const bytes = await readContent(store, descriptor, options);
  return await inTurn(bytes.byteLength, () => parseManifest(bytes, descriptor.mediaType));
}

/** The descriptor of a document whose digest is known, with the media type the document has. */
export function describeManifest(document: ManifestDocument, digest: Digest): Descriptor {
  const { mediaType, artifactType, bytes } = document;
  const described = { mediaType, digest, size: bytes.byteLength };
  return artifactType === undefined ? described : { ...described, artifactType };
}

/** Takes a manifest in and lets a tag name it: in one step where the store can. */
export async function writeTagged(
  store: ContentStore,
  { manifest, source, tag }: {
    readonly manifest: Descriptor;
    readonly source: BlobSource;
    readonly tag: string;
  },
  options: OperationOptions = {},
): Promise<void> {
  const inOneStep = capability(store, "writeTagged");
  if (inOneStep) return await inOneStep(manifest, source, tag, options);
  await store.write(manifest, source, options);
  await store.tag(manifest, tag, options);
}

/** The error of every store for content or a name that it does not have. */
export function missing(
  store: Capable & Pick<ContentStore, "name">,
  target: string,
): NotFoundError {
  const name = isDigest(target) ? `${store.name}@${target}` : `${store.name}:${target}`;
  // A repository on this machine is called as that of the registry, which may well have it.
  const isLocal = capability(store, "filePath") !== undefined;
  const place = isLocal ? "the local store" : store.name;
  return new NotFoundError(`Cannot find ${quote(name)}: ${place} does not have it`, {
    reference: name,
    isLocal,
  });
}

/** A descriptor for content of which only the digest and size are known. */
export function anonymousBlob(digest: Digest, size: number): Descriptor {
  return { mediaType: MediaType.octetStream, digest, size };
}
