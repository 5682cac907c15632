/**
 * Big bytes outside the registry: what every object store does.
 *
 * Objects are addressed as `object_uri.ts` says. A store does not vouch for the bytes it reads: who
 * reads knows size and digest and verifies, with `verified` or `downloadToFile`.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource, ByteRange } from "../core/content/source.ts";

/** How fast and how costly an object is to read; one in `archive` may have to be thawed first. */
export type StorageTier = "hot" | "cool" | "archive";

/** The tiers, from the fastest to the cheapest. */
export const STORAGE_TIERS: readonly StorageTier[] = ["hot", "cool", "archive"];

/** What a store knows about an object. */
export interface ObjectFacts {
  /** The address that was asked for. */
  readonly uri: string;
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256, 64 lower-case hexadecimal digits, as recorded at its writing; absent if unknown. */
  readonly sha256?: string;
  /** Its tier; absent when the store has none or another one. */
  readonly tier?: StorageTier;
  /** Changes whenever the object is written. */
  readonly etag?: string;
}

/** How to look at an object. */
export interface StatObjectOptions extends OperationOptions {
  /** Whether it is looked at before it is written: messages say so. */
  readonly toWrite?: boolean;
}

/** How to open an object. */
export interface OpenObjectOptions extends OperationOptions {
  /** Only these bytes; everything when absent. */
  readonly range?: ByteRange;
  /** Only while the object is this one: the `etag` of its facts. */
  readonly etag?: string;
  /** Size in bytes that the whole object has to have; any when absent. */
  readonly size?: number;
}

/** How to write an object. */
export interface PutObjectOptions extends OperationOptions {
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** The tier to keep it in; the store's own choice when absent. */
  readonly tier?: StorageTier;
  /** What progress calls the object; its address when absent. */
  readonly shownName?: string;
  /**
   * What the caller has just found under the name, `"nothing"` being a finding too; the store looks
   * for itself when absent.
   */
  readonly there?: ObjectFacts | "nothing";
  /** Called before other content loses its name to this; what it throws ends the writing. */
  readonly beforeReplace?: () => Promise<void>;
}

/** A store of large objects. */
export interface ObjectStore {
  /**
   * Where an object would be, for people: the absolute path of a file, else its address. Nothing is
   * looked at.
   * @throws {InvalidInputError} when the address has no place in the store.
   */
  locate(uri: string): string;
  /**
   * What the store knows about an object.
   * @throws {NotFoundError} when there is no such object.
   */
  stat(uri: string, options?: StatObjectOptions): Promise<ObjectFacts>;
  /**
   * Opens an object, or a range of it. All bytes of a stream are of one version of the object.
   * @throws {NotFoundError} when there is no such object.
   * @throws {IntegrityError} when the object changes meanwhile, has another size than it has to,
   * or is not the one of `etag`.
   */
  open(uri: string, options?: OpenObjectOptions): Promise<ReadableStream<Uint8Array>>;
  /**
   * Writes an object, in place of what was found under its name and of nothing else. The object
   * appears whole or not at all.
   * Nothing is sent when the store has the same size and digest under that name. Progress is told
   * of it as of one item.
   * @returns the facts of the object.
   * @throws {IntegrityError} when the source has another size or digest; the store is unchanged
   * then.
   * @throws {ConflictError} when other content came under the name meanwhile.
   */
  put(uri: string, source: BlobSource, options: PutObjectOptions): Promise<ObjectFacts>;
  /**
   * Told by whoever takes an object that this failed: `true` when it comes from another place when
   * it is opened again.
   */
  elsewhere?(uri: string, failure: unknown): Promise<boolean>;
}
