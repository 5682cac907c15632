/**
 * What only some stores can do, and the one way to ask for it.
 *
 * A capability is a function that a store offers under a name. Nobody asks what class a store is
 * of, so a wrapper offers exactly the capabilities that it can forward.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource, ToFileOptions } from "../core/content/source.ts";
import type { Descriptor } from "./descriptor.ts";

/** Where a content lies, for stores that can take it over without moving its bytes. */
export interface Origin {
  /**
   * The registry, as one client sees it, or the folder of a local store. Content can be mounted
   * where both places are the same value (`===`).
   */
  readonly place: unknown;
  /** The repository in that place. */
  readonly repository: string;
}

/** What a tag named before. */
export interface EarlierName {
  /** Digest of a manifest that is still here. */
  readonly digest: Digest;
  /** When the tag was last given to it: an RFC 3339 time. */
  readonly taggedAt: string;
}

/** How to list referrers. */
export interface ReferrerOptions extends OperationOptions {
  /** Only referrers of this type; all when absent. */
  readonly artifactType?: string;
  /** Lets a store leave out those whose digests do not come behind this one. */
  readonly after?: string;
}

/** What is known of content whose digest is not. */
export interface WriteStreamOptions extends OperationOptions {
  /** Its size; one that is compressed on the way has none yet. */
  readonly size?: number;
}

/** How to take bytes in. */
export interface AppendOptions extends OperationOptions {
  /** Whether these are, as far as is known, all that are still to come. */
  readonly isRest?: boolean;
}

/** Content on its way into a store, whose digest may not be known yet. */
export interface Ingest extends AsyncDisposable {
  /** Names this ingest, which can be taken up again until it is committed or aborted. */
  readonly id: string;
  /** Bytes taken in so far. */
  readonly size: number;
  /**
   * Adds bytes at the end. When the stream fails, what came before the failure stays. A chunk of
   * the stream may be gone when the next one is asked for.
   */
  append(stream: ReadableStream<Uint8Array>, options?: AppendOptions): Promise<void>;
  /**
   * Takes a whole content in, as the only thing of this ingest, and gives its SHA-256. A source
   * that writes itself into a file does so where that is faster.
   */
  take(source: BlobSource, options?: OperationOptions): Promise<Digest>;
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

/** What a content takes of the disk of a store. */
export interface StoreRoom {
  /** The folder of the store. */
  readonly folder: string;
  /** Bytes. */
  readonly bytes: number;
}

/** Every capability by its name. */
export interface StoreCapabilities {
  /**
   * The descriptor of a blob of which only the digest is known, of media type
   * `application/octet-stream`.
   * @throws {NotFoundError} when the blob is not here.
   */
  stat(digest: Digest, options?: OperationOptions): Promise<Descriptor>;
  /** Where a content lies; `undefined` for content that cannot be mounted from here. */
  origin(descriptor: Descriptor): Origin | undefined;
  /**
   * Tries to take a content over from another repository of the same place, without its bytes
   * passing through this program; `false` when it has to be written instead.
   */
  mount(descriptor: Descriptor, from: Origin, options?: OperationOptions): Promise<boolean>;
  /** Takes a manifest in as `write` does, and lets a tag name it, in one step. */
  writeTagged(
    manifest: Descriptor,
    source: BlobSource,
    tag: string,
    options?: OperationOptions,
  ): Promise<void>;
  /**
   * Takes in content whose digest is found on the way, for stores elsewhere: it is read once.
   * `undefined` when that did not work: the content has to be hashed first and then written.
   * @throws what the stream throws.
   */
  writeStream(
    stream: ReadableStream<Uint8Array>,
    options?: WriteStreamOptions,
  ): Promise<Descriptor | undefined>;
  /**
   * Manifests whose subject is `subject`, each with its artifact type and annotations: in bytewise
   * order of their digests, save those of a registry, which come as it gives them.
   */
  referrers(subject: Descriptor, options?: ReferrerOptions): AsyncIterable<Descriptor>;
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
  /** What a tag named before and is still here, the latest first; some of them where it is much. */
  earlier(tag: string, options?: OperationOptions): Promise<readonly EarlierName[]>;
  /** Starts to take in content in a single pass, which computes its digest on the way. */
  ingest(options?: OperationOptions): Promise<Ingest>;
  /**
   * Takes up an ingest that was started earlier, perhaps by another process.
   * @throws {NotFoundError} when there is none of that id.
   */
  resumeIngest(id: string, options?: OperationOptions): Promise<Ingest>;
  /**
   * Writes a content, or a range of it, into a file, as {@linkcode BlobSource.toFile} says. Bytes
   * are as the store has them: callers compare the digest.
   * @throws {NotFoundError} when the content is not here.
   */
  toFile(
    descriptor: Descriptor,
    path: string,
    options?: ToFileOptions,
  ): Promise<Digest | undefined>;
  /**
   * The bytes of a document, not verified, with no stream between: the first stream of a run takes
   * a quarter of the time that an empty program takes.
   * @param limit Most bytes that are read.
   * @throws {NotFoundError} when the content is not here.
   * @throws {InvalidInputError} when it is larger.
   */
  read(descriptor: Descriptor, limit: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * What a content is read from, where the store has nothing else of it: a file or a document that
   * was laid over another store. `undefined` for all other content.
   */
  sourceOf(descriptor: Descriptor): BlobSource | undefined;
  /** Path of the file of a content: to be read, never to be written to or linked. */
  filePath(descriptor: Descriptor): string;
  /**
   * What a content takes of the disk when it is written: nothing where it is here already,
   * whichever repository brought it, and what is missing where some of it has come.
   */
  roomFor(descriptor: Descriptor): StoreRoom;
  /**
   * Keeps a content for a day from being pruned, whatever is removed meanwhile: somebody was told
   * that it is here, and counts on it.
   * @throws {NotFoundError} when it is not here.
   */
  promise(descriptor: Descriptor, options?: OperationOptions): Promise<void>;
  /**
   * Whether asking `has` is worth its request, when the content is written otherwise: of many small
   * contents that are new, it is not. Those are always asked about where this is not offered.
   */
  isWorthAsking(descriptor: Descriptor): boolean;
  /**
   * Told by whoever takes a content that it failed: `true` when the content can be had from another
   * place, so that taking it once more is worth it. It ends, since no place is left to twice.
   */
  elsewhere(descriptor: Descriptor, failure: unknown): Promise<boolean>;
  /** Keeps what is here from being pruned until disposed, so that what was checked stays true. */
  deferPrune(options?: OperationOptions): Promise<AsyncDisposable>;
}

/** What a store on this machine can do: what saves requests and reads elsewhere saves none here. */
export type LocalCapabilities = Omit<
  StoreCapabilities,
  "writeTagged" | "writeStream" | "isWorthAsking" | "elsewhere" | "sourceOf"
>;

/** What a store can do that has its content itself, wherever that is. */
export const OWNER_CAPABILITIES = [
  "stat",
  "origin",
  "mount",
  "referrers",
  "delete",
  "untag",
  "ingest",
  "resumeIngest",
] as const satisfies readonly (keyof StoreCapabilities)[];

/** What repositories of the local store can do. */
export const LOCAL_CAPABILITIES = [
  ...OWNER_CAPABILITIES,
  "toFile",
  "read",
  "filePath",
  "roomFor",
  "deferPrune",
  "promise",
  "earlier",
] as const satisfies readonly (keyof LocalCapabilities)[];

/** Whoever may have capabilities. */
export interface Capable {
  /** The capabilities this store has, each a function that can be called on its own. */
  readonly capabilities?: Partial<StoreCapabilities>;
}

/** A capability of a store; `undefined` when the store does not have it. */
export function capability<Name extends keyof StoreCapabilities>(
  store: Capable,
  name: Name,
): Partial<StoreCapabilities>[Name] {
  return store.capabilities?.[name];
}

/** The bound methods of each store: somebody asks for one with every blob. */
const bound = new WeakMap<object, unknown>();

/** Capabilities that are methods of `store`, bound to it. A store has the same `names` for ever. */
export function methods<Name extends keyof StoreCapabilities>(
  store: Pick<StoreCapabilities, Name>,
  names: readonly Name[],
): Pick<StoreCapabilities, Name> {
  const known = bound.get(store) as Pick<StoreCapabilities, Name> | undefined;
  if (known) return known;
  const entries = names.map((name) => {
    const method: (...args: never[]) => unknown = store[name];
    return [name, method.bind(store)];
  });
  const all = Object.fromEntries(entries);
  bound.set(store, all);
  return all;
}
