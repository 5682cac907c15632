/**
 * Frees what nothing in the local store names any more.
 *
 * Kept are the manifests that a tag names, what those list, and what refers to them. Content that
 * no manifest ever mentioned, and manifests that never had a tag, may belong to an artifact that
 * another program is just writing; they are kept until they are older than the grace period, and so
 * are unfinished uploads. What lost its last tag goes at once: it was removed on purpose. But what a
 * client of `serve` was told to be here stays for a day, since it may count on that in a push.
 * @module
 */
import { dirname, join } from "../core/runtime/path.ts";
import { type Digest } from "../core/digest.ts";
import { lstatIfExists, readDirIfExists, removeIfExists } from "../core/files.ts";
import type { DiskLayout, MemberKind } from "./disk_layout.ts";
import { type EvictableTag, type EvictionOptions, tagsToForget } from "./disk/eviction.ts";
import { PROMISE_FILE, remove } from "./disk_links.ts";
import { DiskRepository } from "./disk_repository.ts";
import type { DiskStore } from "./disk_store.ts";
import { children, type ManifestDocument } from "./manifest.ts";

/** Milliseconds for which content and uploads without a manifest are left alone: one hour. */
const GRACE_PERIOD = 60 * 60 * 1000;

/** Milliseconds for which stays what clients were told to be here: as long as a push may take. */
const PROMISE_PERIOD = 24 * 60 * 60 * 1000;

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

/** Content that is not whole yet, and what becomes of it. */
export interface UnfinishedContent {
  /** The repository it belongs to. */
  readonly repository: string;
  /** Bytes of it that are there. */
  readonly bytes: number;
  /** When it was last written to, as RFC 3339. */
  readonly lastWritten: string;
  /** From when on pruning frees it, unless it is gone on with, as RFC 3339. */
  readonly freedFrom: string;
  /** Whether it was freed, or would be. */
  readonly removed: boolean;
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

/** The manifests of a repository, parsed; `undefined` for those that cannot be read. */
type Documents = ReadonlyMap<Digest, ManifestDocument | undefined>;

/** An unfinished upload, and its folder or file. */
type Unfinished = UnfinishedContent & { readonly path: string };

/** What pruning decided about one repository. */
interface RepositoryPlan {
  readonly name: string;
  /** Its manifests. */
  readonly documents: Documents;
  readonly doomedManifests: readonly Digest[];
  readonly doomedLayers: readonly Digest[];
  readonly unfinished: readonly Unfinished[];
  /** Content the repository still needs. */
  readonly kept: ReadonlySet<Digest>;
  /** Content that only doomed manifests mention: free to go, however young. */
  readonly released: ReadonlySet<Digest>;
}

/**
 * Removes what nothing names, or with `dryRun` only tells what it would be. Waits for running
 * builds and pulls, and keeps new ones out while it works. A store that does not exist has nothing
 * to free.
 * @throws {ConflictError} when the store stays in use.
 */
export async function pruneStore(
  store: DiskStore,
  options: PruneStoreOptions = {},
): Promise<PruneReport> {
  if (!await lstatIfExists(store.layout.root)) {
    return { forgotten: [], manifests: [], blobs: [], uploads: 0, unfinished: [], bytes: 0 };
  }
  await using _lock = await store.lock.exclusive(options);
  const forgotten = await tagsToForget(store, options);
  if (!options.dryRun) {
    for (const { repository, tag } of forgotten) {
      await new DiskRepository(repository, store).links.untag(tag);
    }
  }
  const plans: RepositoryPlan[] = [];
  for (const { name } of await store.folders()) {
    options.signal?.throwIfAborted();
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
    now - await repository.links.promisedAt(kind, digest) < PROMISE_PERIOD;
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
  const layers = await repository.links.members("_layers");
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
  const documents = new Map<Digest, ManifestDocument | undefined>();
  for (const digest of await repository.links.members("_manifests/revisions")) {
    documents.set(digest, await repository.readIfWhole(digest, options));
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
  try {
    for await (const tag of repository.tags()) {
      const digest = await repository.links.tagged(tag);
      const isForgotten = options.forgotten.some((each) =>
        each.repository === repository.name && each.tag === tag
      );
      if (digest && isForgotten) forgotten.add(digest);
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
  return [...kept].every((digest) => documents.get(digest)) ? kept : all.union(kept);
}

/** The manifests that `roots` keep alive: themselves, what indexes list, and what refers to any. */
function reach(roots: readonly Digest[], documents: Documents): Set<Digest> {
  const referrers = Map.groupBy(documents, ([, document]) => document?.subject?.digest);
  const alive = new Set<Digest>();
  const queue = [...roots];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (alive.has(digest)) continue;
    alive.add(digest);
    const document = documents.get(digest);
    if (document?.kind === "index") queue.push(...document.manifests.map((child) => child.digest));
    queue.push(...(referrers.get(digest) ?? []).map(([referrer]) => referrer));
  }
  return alive;
}

/** The manifests and everything they list. */
function mentions(manifests: Iterable<Digest>, documents: Documents): Set<Digest> {
  const mentioned = new Set<Digest>();
  for (const digest of manifests) {
    mentioned.add(digest);
    const document = documents.get(digest);
    if (document) children(document).forEach((child) => mentioned.add(child.digest));
  }
  return mentioned;
}

/** The files of an upload: taken in at once, or in parts. */
const PARTS = ["", "data", "data.partial", "taken"];

/** The unfinished content of a repository; what is older than the grace period is to be removed. */
export async function unfinishedIn(
  layout: DiskLayout,
  repository: string,
  { now, gracePeriod }: { readonly now: number; readonly gracePeriod: number },
): Promise<Unfinished[]> {
  const folder = layout.uploads(repository);
  const found: Unfinished[] = [];
  for (const { name } of await readDirIfExists(folder)) {
    const path = join(folder, name);
    const infos = await Promise.all(PARTS.map((part) => lstatIfExists(join(path, part))));
    const parts = infos.filter((info) => info !== undefined);
    const written = Math.max(0, ...parts.map(({ mtime }) => mtime?.getTime() ?? 0));
    found.push({
      path,
      repository,
      bytes: parts.reduce((sum, info) => sum + bytesOf(info), 0),
      lastWritten: new Date(written).toISOString(),
      freedFrom: new Date(written + gracePeriod).toISOString(),
      removed: now - written >= gracePeriod,
    });
  }
  return found;
}

/** A file that is written in parts has its full size from the start, and holes. */
function bytesOf({ isFile, size, blocks }: Deno.FileInfo): number {
  if (!isFile) return 0;
  return blocks === null ? size : Math.min(size, blocks * 512);
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

/** A link that was taken from its place, and where it is now. */
interface TakenLink {
  readonly digest: Digest;
  readonly place: string;
  readonly taken: string;
}

/**
 * Takes the links of doomed content from their places, and puts those back that somebody was
 * promised since it was looked at: a server promises without waiting for prune. Then nothing is
 * promised any more of what is gone. The digests that are back are those of a promise and of all
 * that it needs.
 */
async function takeLinks(
  layout: DiskLayout,
  plan: RepositoryPlan,
  { now = Date.now() }: PruneStoreOptions,
): Promise<ReadonlySet<Digest>> {
  const doomed: readonly [MemberKind, readonly Digest[]][] = [
    ["_manifests/revisions", plan.doomedManifests],
    ["_layers", plan.doomedLayers],
  ];
  const links: TakenLink[] = [];
  const promised: Digest[] = [];
  await Deno.mkdir(layout.pruned, { recursive: true });
  for (const [kind, digests] of doomed) {
    for (const digest of digests) {
      const place = dirname(layout.memberLink(plan.name, kind, digest));
      const taken = join(layout.pruned, crypto.randomUUID());
      await Deno.rename(place, taken);
      links.push({ digest, place, taken });
    }
  }
  for (const { digest, taken } of links) {
    const written = (await lstatIfExists(join(taken, PROMISE_FILE)))?.mtime?.getTime() ?? 0;
    if (now - written < PROMISE_PERIOD) promised.push(digest);
  }
  const needed = neededBy(promised, plan.documents);
  for (const { digest, place, taken } of links) {
    if (needed.has(digest)) await Deno.rename(taken, place);
  }
  return needed;
}

/** Some content, and all that manifests among it list. */
function neededBy(digests: readonly Digest[], documents: Documents): ReadonlySet<Digest> {
  const needed = new Set(digests);
  for (const digest of needed) {
    const document = documents.get(digest);
    if (document) children(document).forEach((child) => needed.add(child.digest));
  }
  return needed;
}

/**
 * Removes links before the bytes they lead to, so that no link ever leads nowhere, and tells what
 * stays after all.
 */
async function sweep(
  store: DiskStore,
  plans: readonly RepositoryPlan[],
  blobs: readonly { readonly digest: Digest }[],
  options: PruneStoreOptions,
): Promise<ReadonlySet<Digest>> {
  const { layout } = store;
  const back = new Set<Digest>();
  for (const plan of plans) {
    const repository = new DiskRepository(plan.name, store);
    const stays = await takeLinks(layout, plan, options);
    stays.forEach((digest) => back.add(digest));
    for (const digest of plan.doomedManifests) {
      if (stays.has(digest)) continue;
      for await (const tag of repository.tags()) {
        await remove(dirname(layout.tagIndex(plan.name, tag, digest)));
      }
    }
    for (const { path, removed } of plan.unfinished) if (removed) await remove(path);
    if (plan.kept.size === 0 && stays.size === 0) await removeEmptyRepository(layout, plan.name);
  }
  await removeIfExists(layout.pruned);
  // Nobody receives now, so these are of commands that were killed.
  await removeIfExists(layout.turns);
  for (const { digest } of blobs) if (!back.has(digest)) await remove(layout.blobFolder(digest));
  return back;
}

/** Removes the rest of a repository without content, and the folders it leaves empty. */
async function removeEmptyRepository(layout: DiskLayout, name: string): Promise<void> {
  if ((await readDirIfExists(layout.uploads(name))).length > 0) return;
  const folder = layout.repository(name);
  for (const entry of await readDirIfExists(folder)) {
    if (entry.name.startsWith("_")) await remove(join(folder, entry.name));
  }
  for (let path = folder; path !== layout.repositories; path = dirname(path)) {
    if ((await readDirIfExists(path)).length > 0) return;
    await remove(path);
  }
}
