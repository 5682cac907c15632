/**
 * Frees what nothing in the local store names any more.
 *
 * Kept are the manifests that a tag names, what those list, and what refers to them. Content that
 * no manifest ever mentioned, and manifests that never had a tag, may belong to an artifact that
 * another program is just writing; they are kept until they are older than the grace period, and so
 * are unfinished uploads. What lost its last tag goes at once: it was removed on purpose. But what
 * a client of `serve` was told to be here stays for a day, since it may count on that in a push.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { lstatIfExists } from "../core/files.ts";
import { operationOptions } from "../core/operation.ts";
import { collectGarbage } from "../core/runtime/garbage.ts";
import type { MemberKind } from "./disk_layout.ts";
import { type EvictableTag, type EvictionOptions, tagsToForget } from "./disk/eviction.ts";
import { removeHalfMade } from "./disk/half_made.ts";
import {
  type Documents,
  type Links,
  linksOf,
  PROMISE_PERIOD,
  type RepositoryPlan,
  sweep,
} from "./disk/sweep.ts";
import { type UnfinishedContent, unfinishedIn } from "./disk/unfinished.ts";
import { DiskRepository } from "./disk_repository.ts";
import type { DiskStore } from "./disk_store.ts";

/** Milliseconds for which content and uploads without a manifest are left alone: one hour. */
const GRACE_PERIOD = 60 * 60 * 1000;

/** How to prune. */
export interface PruneStoreOptions extends EvictionOptions {
  /** Report only. */
  readonly dryRun?: boolean;
  /** Remove manifests that no tag names; true when absent. */
  readonly removeUntagged?: boolean;
  /** Milliseconds for which content without a manifest is left alone; an hour when absent. */
  readonly gracePeriod?: number;
}

/** How to plan: tags that are to be forgotten count no more. */
interface PlanOptions extends PruneStoreOptions {
  readonly forgotten: readonly EvictableTag[];
}

/** What pruning removed, or would remove. */
export interface PruneReport {
  /** Tags that were forgotten, as `repository:tag`, the longest unused first. */
  readonly forgotten: readonly string[];
  /** Manifests, as `repository@digest`. */
  readonly manifests: readonly string[];
  /** Blobs, manifests' own bytes included. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Unfinished uploads that were removed. */
  readonly uploads: number;
  /** All that is unfinished, removed or kept. */
  readonly unfinished: readonly UnfinishedContent[];
  /** Bytes freed. */
  readonly bytes: number;
}

/**
 * Removes what nothing names, or with `dryRun` only tells what it would be. Waits for running
 * builds and pulls, and keeps new ones out while it removes. A store that is not there has nothing
 * to free.
 * @throws {ConflictError} when the store stays in use.
 */
export async function pruneStore(
  store: DiskStore,
  options: PruneStoreOptions = {},
): Promise<PruneReport> {
  if (!await lstatIfExists(store.layout.root)) {
    await store.requireFolder();
    return { forgotten: [], manifests: [], blobs: [], uploads: 0, unfinished: [], bytes: 0 };
  }
  // A report needs no leave to write, and keeps nobody waiting.
  await using _lock =
    await (options.dryRun ? store.lock.reading(options) : store.lock.exclusive(options));
  const forgotten = await tagsToForget(store, options);
  if (!options.dryRun) {
    for (const { repository, tag } of forgotten) {
      await new DiskRepository(repository, store).tagLinks.remove(tag);
    }
  }
  const plans: RepositoryPlan[] = [];
  const { now = Date.now(), gracePeriod = GRACE_PERIOD } = options;
  for (const { name } of await store.folders()) {
    options.signal?.throwIfAborted();
    if (!options.dryRun) {
      await removeHalfMade(store.layout, name, { ...operationOptions(options), now, gracePeriod });
    }
    plans.push(await planRepository(store, name, { ...options, forgotten }));
  }
  const doomed = await doomedBlobs(store, plans, options);
  const back = options.dryRun ? new Set<Digest>() : await sweep(store, plans, doomed, options);
  const blobs = doomed.filter(({ digest }) => !back.has(digest));
  const unfinished = plans.flatMap((plan) => plan.unfinished);
  const freed = unfinished.filter(({ removed }) => removed);
  return {
    forgotten: forgotten.map(({ repository, tag }) => `${repository}:${tag}`),
    manifests: plans.flatMap(({ name, doomedManifests }) =>
      doomedManifests.filter((digest) => !back.has(digest)).map((digest) => `${name}@${digest}`)
    ),
    blobs,
    uploads: freed.length,
    unfinished: unfinished.map(({ path: _path, ...content }) => content),
    bytes: [...blobs.map((blob) => blob.size), ...freed.map(({ bytes }) => bytes)]
      .reduce((sum, bytes) => sum + bytes, 0),
  };
}

async function planRepository(
  store: DiskStore,
  name: string,
  options: PlanOptions,
): Promise<RepositoryPlan> {
  const repository = new DiskRepository(name, store);
  const documents = await readDocuments(repository, options);
  const { now = Date.now(), gracePeriod = GRACE_PERIOD } = options;
  const isPromised = async (kind: MemberKind, digest: Digest) =>
    now - await repository.members.promisedAt(kind, digest) < PROMISE_PERIOD;
  const keptManifests = await manifestsToKeep(repository, documents, {
    ...options,
    isYoung: async (digest) =>
      await isYoung(store.layout.memberLink(name, "_manifests/revisions", digest), options) ||
      await isPromised("_manifests/revisions", digest),
  });
  const kept = mentions(keptManifests, documents);
  const doomedManifests = [...documents.keys()].filter((digest) => !keptManifests.has(digest));
  const released = mentions(doomedManifests, documents);
  // A kept manifest that cannot be read may need any of the repository's layers.
  const unreadable = [...keptManifests].some((digest) => !documents.get(digest));
  const layers = await repository.members.all("_layers");
  if (unreadable) layers.forEach((digest) => kept.add(digest));
  const doomedLayers: Digest[] = [];
  for (const digest of layers) {
    if (kept.has(digest)) continue;
    const young = await isYoung(store.layout.memberLink(name, "_layers", digest), options);
    const counted = young && !released.has(digest) || await isPromised("_layers", digest);
    if (counted) kept.add(digest);
    else doomedLayers.push(digest);
  }
  const unfinished = await unfinishedIn(store.layout, name, { now, gracePeriod });
  return { name, documents, doomedManifests, doomedLayers, unfinished, kept, released };
}

async function readDocuments(
  repository: DiskRepository,
  options: PruneStoreOptions,
): Promise<Documents> {
  const documents = new Map<Digest, Links | undefined>();
  for (const digest of await repository.members.all("_manifests/revisions")) {
    const document = await repository.manifests.readIfWhole(digest, options);
    documents.set(digest, document && linksOf(document));
    collectGarbage();
  }
  return documents;
}

/**
 * The manifests that stay: those a tag names, and those without a tag that may be part of a push
 * that is still going on. Where a tag or a manifest that counts cannot be read, all of them stay.
 */
async function manifestsToKeep(
  repository: DiskRepository,
  documents: Documents,
  options: PlanOptions & { readonly isYoung: (digest: Digest) => Promise<boolean> },
): Promise<Set<Digest>> {
  const all = new Set(documents.keys());
  if (options.removeUntagged === false) return all;
  const roots: Digest[] = [];
  const forgotten = new Set<Digest>();
  const forgottenTags = new Set(
    options.forgotten.filter((each) => each.repository === repository.name).map(({ tag }) => tag),
  );
  try {
    for await (const tag of repository.tags()) {
      const digest = await repository.tagLinks.target(tag);
      if (digest && forgottenTags.has(tag)) forgotten.add(digest);
      else if (digest) roots.push(digest);
    }
  } catch (error) {
    const { name } = repository;
    options.log?.("warning", `Everything in ${name} is kept: a tag cannot be read`, { error });
    return all;
  }
  for (const digest of all) {
    if (!forgotten.has(digest) && await options.isYoung(digest)) roots.push(digest);
  }
  const kept = reach(roots, documents);
  return [...kept].every((digest) => documents.get(digest)) ? kept : new Set([...all, ...kept]);
}

/** The manifests that `roots` keep alive: themselves, what indexes list, and what refers to any. */
function reach(roots: readonly Digest[], documents: Documents): Set<Digest> {
  const referrers = Map.groupBy(documents, ([, document]) => document?.subject);
  const alive = new Set<Digest>();
  const queue = [...roots];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (alive.has(digest)) continue;
    alive.add(digest);
    const document = documents.get(digest);
    if (document?.isIndex) { for (const child of document.children) queue.push(child); }
    for (const [referrer] of referrers.get(digest) ?? []) queue.push(referrer);
  }
  return alive;
}

/** The manifests and everything they list. */
function mentions(manifests: Iterable<Digest>, documents: Documents): Set<Digest> {
  const mentioned = new Set<Digest>();
  for (const digest of manifests) {
    mentioned.add(digest);
    documents.get(digest)?.children.forEach((child) => mentioned.add(child));
  }
  return mentioned;
}

async function isYoung(path: string, options: PruneStoreOptions): Promise<boolean> {
  const info = await lstatIfExists(path);
  if (!info) return false;
  const age = (options.now ?? Date.now()) - (info.mtime?.getTime() ?? 0);
  return age < (options.gracePeriod ?? GRACE_PERIOD);
}

/** The blobs no repository needs, with their sizes. */
async function doomedBlobs(
  store: DiskStore,
  plans: readonly RepositoryPlan[],
  options: PruneStoreOptions,
): Promise<{ digest: Digest; size: number }[]> {
  const kept = new Set(plans.flatMap((plan) => [...plan.kept]));
  const released = new Set(plans.flatMap((plan) => [...plan.released, ...plan.doomedLayers]));
  const doomed: { digest: Digest; size: number }[] = [];
  for await (const digest of store.blobs.digests()) {
    options.signal?.throwIfAborted();
    const path = store.layout.blobData(digest);
    if (kept.has(digest) || !released.has(digest) && await isYoung(path, options)) continue;
    doomed.push({ digest, size: (await lstatIfExists(path))?.size ?? 0 });
  }
  return doomed;
}
