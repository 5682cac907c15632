/**
 * Who is writing to which upload: one request at a time.
 *
 * Two requests that append to one upload would mix their bytes, so the second is turned away. Bytes
 * and offsets live in the store, which is why an upload can go on after the server was started
 * again.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import { capability, type Ingest, type StoreCapabilities } from "../oci/capabilities.ts";
import type { ContentStore } from "../oci/store.ts";
import { RegistryFault } from "./fault.ts";

/** Where an upload stands. */
export type UploadState = Pick<Ingest, "id" | "size">;

/** Names an upload. */
export interface UploadKey {
  /** The repository it belongs to. */
  readonly store: ContentStore;
  /** Its name there. */
  readonly target: string;
  /** Options for the store. */
  readonly operation: OperationOptions;
}

/** A request that writes to an upload. */
interface Writer {
  /** What it writes to; absent while that is being opened. */
  ingest?: Ingest;
  readonly cancel: AbortController;
  /** Resolves when it has let go. */
  readonly done: Promise<void>;
}

const CANCELLED = "The upload was cancelled";

/** The uploads that are being written right now. */
export class UploadSessions {
  readonly #writers = new Map<string, Writer>();

  /**
   * Takes up an upload, and keeps others from it while `action` runs.
   * @throws {RegistryFault} of status 409 when another request is writing to it.
   * @throws {NotFoundError} when there is no such upload.
   */
  async use<Result>(
    upload: UploadKey,
    action: (upload: Ingest, cancelled: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const key = textOf(upload);
    if (this.#writers.has(key)) throw busy();
    const done = Promise.withResolvers<void>();
    const writer: Writer = { cancel: new AbortController(), done: done.promise };
    this.#writers.set(key, writer);
    try {
      const resume = requireCapability(upload.store, "resumeIngest");
      await using ingest = await resume(upload.target, upload.operation);
      writer.ingest = ingest;
      return await action(ingest, writer.cancel.signal);
    } finally {
      this.#writers.delete(key);
      done.resolve();
    }
  }

  /**
   * Ends the request that writes to an upload, and waits until it has let go: a client that has
   * lost its connection can cancel what that one still holds.
   */
  async interrupt(upload: UploadKey): Promise<void> {
    const writer = this.#writers.get(textOf(upload));
    writer?.cancel.abort(new RegistryFault("BLOB_UPLOAD_UNKNOWN", { message: CANCELLED }));
    await writer?.done;
  }

  /** Uploads that are being written to now. */
  get size(): number {
    return this.#writers.size;
  }

  /** Where an upload stands that a request is writing to now; `undefined` when none does. */
  active(upload: UploadKey): UploadState | undefined {
    return this.#writers.get(textOf(upload))?.ingest;
  }
}

function textOf({ store, target }: UploadKey): string {
  return `${store.name}\n${target}`;
}

function busy(): RegistryFault {
  return new RegistryFault("BLOB_UPLOAD_INVALID", {
    status: 409,
    message: "Another request is writing to this upload",
    headers: { "retry-after": "1" },
  });
}

/**
 * What a store has to be able to do to take uploads.
 * @throws {RegistryFault} of status 405 when it is not.
 */
export function requireCapability<Name extends "ingest" | "resumeIngest">(
  store: ContentStore,
  name: Name,
): StoreCapabilities[Name] {
  const found = capability(store, name);
  if (found) return found;
  throw new RegistryFault("UNSUPPORTED", { message: "This registry takes no uploads" });
}
