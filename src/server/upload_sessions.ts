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

/** The uploads that are being written right now. */
export class UploadSessions {
  /** What is written to; `undefined` while it is being opened. */
  readonly #writing = new Map<string, Ingest | undefined>();

  /**
   * Takes up an upload, and keeps others from it while `action` runs.
   * @throws {RegistryFault} of status 409 when another request is writing to it.
   * @throws {NotFoundError} when there is no such upload.
   */
  async use<Result>(
    upload: UploadKey,
    action: (upload: Ingest) => Promise<Result>,
  ): Promise<Result> {
    const key = textOf(upload);
    if (this.#writing.has(key)) throw busy();
    this.#writing.set(key, undefined);
    try {
      const resume = requireCapability(upload.store, "resumeIngest");
      await using ingest = await resume(upload.target, upload.operation);
      this.#writing.set(key, ingest);
      return await action(ingest);
    } finally {
      this.#writing.delete(key);
    }
  }

  /** Where an upload stands that a request is writing to now; `undefined` when none does. */
  active(upload: UploadKey): UploadState | undefined {
    return this.#writing.get(textOf(upload));
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
