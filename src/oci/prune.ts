/**
 * Frees what nothing in the local store names any more.
 *
 * Kept are the manifests that a tag names, what those list, and what refers to them. Content that
 * no manifest ever mentioned, and manifests that never had a tag, may belong to an artifact that
 * another program is just writing; they are kept until they are older than the grace period, and so
 * are unfinished uploads. What lost its last tag goes at once: it was removed on purpose. But what
 * a client of `serve` was told to be here stays for a day, since it may count on that in a push.
 *
 * The parts of a local store are pruned as one: what one has tagged another may refer to. What both
 * have stays where it has a name.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { lstatIfExists, lstatIfExistsSync } from "../core/files.ts";
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

/** A repository in one part of the local store, and all that is known of it. */
interface RepositoryPart {
  readonly store: DiskStore;
  readonly repository: DiskRepository;
  readonly documents: Documents;
  /** The blobs that are members. */
  readonly layers: ReadonlySet<Digest>;
}

/** What of a repository stays. */
interface Kept {
  /** The manifests that stay in each part. */
  readonly manifests: ReadonlyMap<RepositoryPart, ReadonlySet<Digest>>;
  /** What these list, wherever they are: the content of one may lie in another part. */
  readonly mentioned: ReadonlySet<Digest>;
}

/** What goes, in one part of the local store. */
interface PartPlan {
  readonly store: DiskStore;
  readonly plans: readonly RepositoryPlan[];
  readonly doomed: readonly DoomedBlob[];
}

/** A blob that goes from one part of the local store. */
interface DoomedBlob {
  readonly digest: Digest;
  readonly size: number;
  /** Number of its file, which may be a blob of two parts. */
  readonly ino: number | null | undefined;
}

/**
 * Removes what nothing names, or with `dryRun` only tells what it would be. Waits for running
 * builds and pulls, and keeps new ones out while it removes. A store that is not there has nothing
 * to free.
 * @param stores The parts of one store, which have one lock.
 * @throws {ConflictError} when the store stays in use.
 */
export async function pruneStore(
  stores: readonly [DiskStore, ...DiskStore[]],
  options: PruneStoreOptions = {},
): Promise<PruneReport> {
  const roots = await Promise.all(stores.map(({ layout }) => lstatIfExists(layout.root)));
  if (roots.every((root) => root === undefined)) {
    await stores[0].requireFolder();
    return { forgotten: [], manifests: [], blobs: [], uploads: 0, unfinished: [], bytes: 0 };
  }
  // A report needs no leave to write, and keeps nobody waiting.
  const { lock } = stores[0];
  await using _lock = await (options.dryRun ? lock.reading(options) : lock.exclusive(options));
  const forgotten = await tagsToForget(stores, options);
  if (!options.dryRun) {
    for (const { store, repository, tag } of forgotten) {
      await new DiskRepository(repository, store).tagLinks.remove(tag);
    }
  }
  const plans = await planRepositories(stores, { ...options, forgotten });
  const parts: PartPlan[] = [];
  for (const store of stores) {
    const own = plans.filter((plan) => plan.store === store);
    parts.push({ store, plans: own, doomed: await doomedBlobs(store, own, options) });
  }
  const back = new Set<Digest>();
  for (const { store, plans, doomed } of parts) {
    if (options.dryRun) break;
    for (const digest of await sweep(store, plans, doomed, options)) back.add(digest);
  }
  const blobs = freedBlobs(parts, back);
  const unfinished = plans.flatMap((plan) => plan.unfinished);
  const freed = unfinished.filter(({ removed }) => removed);
  return {
    forgotten: forgotten.map(({ repository, tag }) => `${repository}:${tag}`),
    manifests: removedManifests(plans, back),
    blobs,
    uploads: freed.length,
    unfinished: unfinished.map(({ path: _path, ...content }) => content),
    bytes: [...blobs.map((blob) => blob.size), ...freed.map(({ bytes }) => bytes)]
      .reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** The manifests that no part has any more. */
function removedManifests(
  plans: readonly RepositoryPlan[],
  back: ReadonlySet<Digest>,
): readonly string[] {
  const stay = new Set<string>();
  const gone = new Set<string>();
  for (const { name, documents, doomedManifests } of plans) {
    const doomed = new Set(doomedManifests.filter((digest) => !back.has(digest)));
    for (const digest of documents.keys()) {
      (doomed.has(digest) ? gone : stay).add(`${name}@${digest}`);
    }
  }
  return [...gone].filter((name) => !stay.has(name));
}

/** The blobs whose bytes are freed: a file goes when the last part that has it lets go of it. */
function freedBlobs(
  parts: readonly PartPlan[],
  back: ReadonlySet<Digest>,
): readonly { readonly digest: Digest; readonly size: number }[] {
  const fileOf = ({ digest, ino }: DoomedBlob) => `${digest} ${ino}`;
  const freed = new Map(
    parts.flatMap(({ doomed }) => doomed).map((blob) => [fileOf(blob), blob]),
  );
  for (const { store, doomed } of parts) {
    const gone = new Set(doomed.map(({ digest }) => digest));
    for (const [file, { digest, ino }] of freed) {
      if (gone.has(digest) && !back.has(digest)) continue;
      const kept = lstatIfExistsSync(store.layout.blobData(digest));
      if (kept !== undefined && kept.ino === ino) freed.delete(file);
    }
  }
  return [...freed.values()].map(({ digest, size }) => ({ digest, size }));
}

/** Plans all repositories, each in every part that has it. */
async function planRepositories(
  stores: readonly DiskStore[],
  options: PlanOptions,
): Promise<RepositoryPlan[]> {
  const { now = Date.now(), gracePeriod = GRACE_PERIOD } = options;
  const holders = new Map<string, DiskStore[]>();
  for (const store of stores) {
    for (const { name } of await store.folders()) {
      holders.set(name, [...holders.get(name) ?? [], store]);
    }
  }
  const plans: RepositoryPlan[] = [];
  for (const [name, holding] of holders) {
    options.signal?.throwIfAborted();
    const parts: RepositoryPart[] = [];
    for (const store of holding) {
      if (!options.dryRun) {
        await removeHalfMade(store.layout, name, {
          ...operationOptions(options),
          now,
          gracePeriod,
        });
      }
      const repository = new DiskRepository(name, store);
      const documents = await readDocuments(repository, options);
      const layers = new Set(await repository.members.all("_layers"));
      parts.push({ store, repository, documents, layers });
    }
    const manifests = await manifestsToKeep(parts, options);
    const mentioned = new Set<Digest>();
    for (const [{ documents }, kept] of manifests) {
      for (const digest of mentions(kept, documents)) mentioned.add(digest);
    }
    for (const part of parts) {
      plans.push(await planPart(part, parts, { manifests, mentioned }, options));
    }
  }
  return plans;
}

async function planPart(
  part: RepositoryPart,
  parts: readonly RepositoryPart[],
  { manifests, mentioned }: Kept,
  options: PlanOptions,
): Promise<RepositoryPlan> {
  const { store, repository, documents, layers } = part;
  const { name } = repository;
  const { now = Date.now(), gracePeriod = GRACE_PERIOD } = options;
  const keptManifests = manifests.get(part)!;
  const isElsewhere = (digest: Digest) =>
    parts.some((other) => other !== part && other.layers.has(digest));
  const kept = mentions(keptManifests, documents);
  const doomedManifests = [...documents.keys()].filter((digest) => !keptManifests.has(digest));
  const released = mentions(doomedManifests, documents);
  // A kept manifest that cannot be read may need any of the repository's layers.
  const unreadable = [...keptManifests].some((digest) => !documents.get(digest));
  if (unreadable) layers.forEach((digest) => kept.add(digest));
  const doomedLayers: Digest[] = [];
  for (const digest of layers) {
    if (kept.has(digest)) continue;
    const young = await isYoung(store.layout.memberLink(name, "_layers", digest), options);
    const counted = young && !released.has(digest) ||
      mentioned.has(digest) && !isElsewhere(digest) ||
      await isPromised(repository, "_layers", digest, options);
    if (counted) kept.add(digest);
    else doomedLayers.push(digest);
  }
  const unfinished = await unfinishedIn(store.layout, name, { now, gracePeriod });
  return { store, name, documents, doomedManifests, doomedLayers, unfinished, kept, released };
}

async function isPromised(
  { members }: DiskRepository,
  kind: MemberKind,
  digest: Digest,
  { now = Date.now() }: PlanOptions,
): Promise<boolean> {
  return now - await members.promisedAt(kind, digest) < PROMISE_PERIOD;
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
 * The manifests that stay in each part: those that what is named or young in that part leads to,
 * and of those that other parts lead to, what no other part has. Where a tag or a manifest that
 * counts cannot be read, all of them stay.
 */
async function manifestsToKeep(
  parts: readonly RepositoryPart[],
  options: PlanOptions,
): Promise<ReadonlyMap<RepositoryPart, ReadonlySet<Digest>>> {
  const all = new Map(parts.map((part) => [part, new Set(part.documents.keys())]));
  if (options.removeUntagged === false) return all;
  const documents = new Map<Digest, Links | undefined>();
  for (const part of parts) {
    // What one part has damaged another may have whole.
    for (const [digest, links] of part.documents) {
      documents.set(digest, documents.get(digest) ?? links);
    }
  }
  const reached = new Map<RepositoryPart, ReadonlySet<Digest>>();
  for (const part of parts) {
    const roots = await rootsOf(part, options);
    if (roots === undefined) return all;
    reached.set(part, reach(roots, documents));
  }
  const alive = new Set([...reached.values()].flatMap((digests) => [...digests]));
  if ([...alive].some((digest) => !documents.get(digest))) return all;
  return new Map(parts.map((part) => {
    const isElsewhere = (digest: Digest) =>
      parts.some((other) => other !== part && other.documents.has(digest));
    const isKept = (digest: Digest) =>
      reached.get(part)!.has(digest) || alive.has(digest) && !isElsewhere(digest);
    return [part, new Set([...part.documents.keys()].filter(isKept))];
  }));
}

/** What tags name and what is young in one part; `undefined` where a tag cannot be read. */
async function rootsOf(
  { store, repository, documents }: RepositoryPart,
  options: PlanOptions,
): Promise<readonly Digest[] | undefined> {
  const { name } = repository;
  const forgottenTags = new Set(
    options.forgotten.filter((each) => each.store === store && each.repository === name)
      .map(({ tag }) => tag),
  );
  const roots: Digest[] = [];
  const forgotten = new Set<Digest>();
  try {
    for await (const tag of repository.tags()) {
      const digest = await repository.tagLinks.target(tag);
      if (digest && forgottenTags.has(tag)) forgotten.add(digest);
      else if (digest) roots.push(digest);
    }
  } catch (error) {
    options.log?.("warning", `Everything in ${name} is kept: a tag cannot be read`, { error });
    return undefined;
  }
  for (const digest of documents.keys()) {
    const link = store.layout.memberLink(name, "_manifests/revisions", digest);
    if (forgotten.has(digest)) continue;
    const isWanted = await isYoung(link, options) ||
      await isPromised(repository, "_manifests/revisions", digest, options);
    if (isWanted) roots.push(digest);
  }
  return roots;
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

/** The blobs of a part that no repository needs, with their sizes. */
async function doomedBlobs(
  store: DiskStore,
  plans: readonly RepositoryPlan[],
  options: PruneStoreOptions,
): Promise<DoomedBlob[]> {
  const kept = new Set(plans.flatMap((plan) => [...plan.kept]));
  const released = new Set(plans.flatMap((plan) => [...plan.released, ...plan.doomedLayers]));
  const doomed: DoomedBlob[] = [];
  for await (const digest of store.blobs.digests()) {
    options.signal?.throwIfAborted();
    const path = store.layout.blobData(digest);
    if (kept.has(digest) || !released.has(digest) && await isYoung(path, options)) continue;
    const info = await lstatIfExists(path);
    doomed.push({ digest, size: info?.size ?? 0, ino: info?.ino });
  }
  return doomed;
}
