/**
 * What a server does for its store: it removes uploads that nobody goes on with, and counts what
 * the store holds.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
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

/** Where an upload may be. */
interface UploadFolder {
  readonly store: DiskStore;
  /** Name of the repository. */
  readonly name: string;
}

/** The repositories of some stores that have or had uploads; others have their turn meanwhile. */
async function* uploadFolders(stores: readonly DiskStore[]): AsyncIterable<UploadFolder> {
  let looks = 0;
  for (const store of stores) {
    for (const { name, parts } of await store.folders()) {
      if (looks++ % TURN === 0) await giveWay();
      if (parts.includes("_uploads")) yield { store, name };
    }
  }
}

/** Removes the abandoned uploads of all repositories, and tells how many they were. */
export async function reapUploads(
  stores: readonly DiskStore[],
  options: UploadAgeOptions,
): Promise<number> {
  const { age, now = Date.now(), signal, log } = options;
  let reaped = 0;
  for await (const { store, name } of uploadFolders(stores)) {
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

/** Counts what stores hold, which may be parts of one; it looks at every blob. */
export async function storeUsage(
  stores: readonly DiskStore[],
  { signal }: OperationOptions = {},
): Promise<StoreUsage> {
  const usage = { blobs: 0, bytes: 0, uploads: 0 };
  let looks = 0;
  for (const [index, { blobs }] of stores.entries()) {
    for await (const digest of blobs.digests()) {
      signal?.throwIfAborted();
      if (looks++ % TURN === 0) await giveWay();
      if (await isInOneOf(stores.slice(0, index), digest)) continue;
      usage.blobs++;
      usage.bytes += await blobs.size(digest) ?? 0;
    }
  }
  for await (const { store, name } of uploadFolders(stores)) {
    const found = await unfinishedIn(store.layout, name, { now: Date.now(), gracePeriod: 0 });
    usage.uploads += found.length;
  }
  return usage;
}

async function isInOneOf(stores: readonly DiskStore[], digest: Digest): Promise<boolean> {
  for (const { blobs } of stores) if (await blobs.size(digest) !== undefined) return true;
  return false;
}
