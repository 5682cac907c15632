/**
 * What a server does for its store: it removes uploads that nobody goes on with, and counts what
 * the store holds.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { remove } from "./remove.ts";
import type { DiskStore } from "../disk_store.ts";
import { unfinishedIn } from "./unfinished.ts";

/** Repositories or blobs that are looked at before others have their turn. */
const TURN = 50;

/** What tells an upload that is going on. */
export interface UploadAgeOptions extends OperationOptions {
  /** Milliseconds since the last byte after which an upload counts as abandoned. */
  readonly age: number;
  /** The time now, in milliseconds since the epoch. */
  readonly now?: number;
}

/** Removes the abandoned uploads of all repositories, and tells how many they were. */
export async function reapUploads(store: DiskStore, options: UploadAgeOptions): Promise<number> {
  const { age, now = Date.now(), signal, log } = options;
  let [reaped, looks] = [0, 0];
  for (const { name, parts } of await store.folders()) {
    if (looks++ % TURN === 0) await giveWay();
    if (!parts.includes("_uploads")) continue;
    for (const upload of await unfinishedIn(store.layout, name, { now, gracePeriod: age })) {
      signal?.throwIfAborted();
      if (!upload.removed) continue;
      await remove(upload.path);
      log?.("info", "Abandoned upload removed", { path: upload.path, bytes: upload.bytes });
      reaped++;
    }
  }
  return reaped;
}

/** What a store holds. */
export interface StoreUsage {
  /** Blobs, manifests included. */
  readonly blobs: number;
  /** Bytes of those blobs. */
  readonly bytes: number;
  /** Uploads that are not finished. */
  readonly uploads: number;
}

/** Counts what a store holds; it looks at every blob. */
export async function storeUsage(
  store: DiskStore,
  { signal }: OperationOptions = {},
): Promise<StoreUsage> {
  const usage = { blobs: 0, bytes: 0, uploads: 0 };
  for await (const digest of store.blobs.digests()) {
    signal?.throwIfAborted();
    if (usage.blobs % TURN === 0) await giveWay();
    usage.blobs++;
    usage.bytes += await store.blobs.size(digest) ?? 0;
  }
  let looks = 0;
  for (const { name } of await store.folders()) {
    if (looks++ % TURN === 0) await giveWay();
    const found = await unfinishedIn(store.layout, name, { now: Date.now(), gracePeriod: 0 });
    usage.uploads += found.length;
  }
  return usage;
}
