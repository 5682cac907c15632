/**
 * What a store forgets to stay small: tags that came from a registry and can be had there again,
 * those first that nobody has asked for the longest. What was made on this machine is never
 * forgotten.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { lstatIfExists } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { DiskRepository } from "../disk_repository.ts";
import type { DiskStore } from "../disk_store.ts";
import { children } from "../manifest.ts";
import { storeUsage } from "./housekeeping.ts";

/** How small a store is to be. */
export interface EvictionOptions extends OperationOptions {
  /** Milliseconds since somebody last asked for a tag, after which it is forgotten. */
  readonly unusedFor?: number;
  /** The most bytes of all blobs. */
  readonly maxBytes?: number;
  /** The time now, in milliseconds since the epoch. */
  readonly now?: number;
}

/** A tag that may be forgotten. */
export interface EvictableTag {
  /** The part of the local store that it is in. */
  readonly store: DiskStore;
  readonly repository: string;
  readonly tag: string;
}

/** A tag, and all that it keeps in the store. */
interface UsedTag extends EvictableTag {
  /** When it was last pulled or asked for, in milliseconds; `undefined` when it was made here. */
  readonly lastUsed: number | undefined;
  readonly needs: ReadonlyMap<Digest, number>;
}

/** The tags to forget, the longest unused first. */
export async function tagsToForget(
  stores: readonly DiskStore[],
  options: EvictionOptions,
): Promise<readonly EvictableTag[]> {
  const { unusedFor = Infinity, maxBytes, now = Date.now() } = options;
  if (unusedFor === Infinity && maxBytes === undefined) return [];
  const tags: UsedTag[] = [];
  for (const store of stores) tags.push(...await Array.fromAsync(usedTags(store, options)));
  const evictable = tags.flatMap((tag) => tag.lastUsed === undefined ? [] : [tag])
    .sort((a, b) => (a.lastUsed ?? 0) - (b.lastUsed ?? 0));
  const counts = new Map<Digest, number>();
  for (const { needs } of tags) {
    for (const digest of needs.keys()) counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  let bytes = maxBytes === undefined ? 0 : (await storeUsage(stores, options)).bytes;
  const forgotten: UsedTag[] = [];
  for (const tag of evictable) {
    const isOld = now - (tag.lastUsed ?? now) >= unusedFor;
    if (!isOld && bytes <= (maxBytes ?? Infinity)) break;
    forgotten.push(tag);
    bytes -= freedBy(tag, counts);
  }
  if (bytes > (maxBytes ?? Infinity)) {
    options.log?.(
      "warning",
      `The store keeps ${bytes} bytes, more than ${maxBytes}: no more of it was pulled`,
    );
  }
  return forgotten;
}

/** Bytes that nothing else needs, when a tag is taken from those that are counted. */
function freedBy({ needs }: UsedTag, counts: Map<Digest, number>): number {
  let freed = 0;
  for (const [digest, size] of needs) {
    const left = (counts.get(digest) ?? 1) - 1;
    counts.set(digest, left);
    if (left === 0) freed += size;
  }
  return freed;
}

async function* usedTags(store: DiskStore, options: OperationOptions): AsyncIterable<UsedTag> {
  for (const { name } of await store.folders()) {
    const repository = new DiskRepository(name, store);
    for await (const tag of repository.tags()) {
      options.signal?.throwIfAborted();
      const isPulled = await repository.wasPulled(tag);
      const note = isPulled ? await lstatIfExists(store.layout.tagPulled(name, tag)) : undefined;
      const digest = await repository.tagLinks.target(tag).catch(() => undefined);
      const needs = new Map<Digest, number>();
      if (digest) await addNeeds(repository, store, { digest, needs }, options);
      yield { store, repository: name, tag, lastUsed: note?.mtime?.getTime(), needs };
    }
  }
}

/** Adds a manifest and what it lists, as far as it is here. */
async function addNeeds(
  repository: DiskRepository,
  store: DiskStore,
  { digest, needs }: { readonly digest: Digest; readonly needs: Map<Digest, number> },
  options: OperationOptions,
): Promise<void> {
  const size = await store.blobs.size(digest);
  if (size === undefined || needs.has(digest)) return;
  needs.set(digest, size);
  if (!await repository.members.hasManifest(digest)) return;
  const document = await repository.manifests.readIfWhole(digest, options);
  for (const child of document ? children(document) : []) {
    await addNeeds(repository, store, { digest: child.digest, needs }, options);
  }
}
