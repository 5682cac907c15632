/**
 * Removes what pruning has decided to, while clients of a server may be promised some of it.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { lstatIfExists, readDirIfExists, removeIfExists } from "../../core/files.ts";
import { dirname, join } from "../../core/runtime/path.ts";
import type { DiskLayout, MemberKind } from "../disk_layout.ts";
import { PROMISE_FILE, remove } from "../disk_links.ts";
import { DiskRepository } from "../disk_repository.ts";
import type { DiskStore } from "../disk_store.ts";
import { children, type ManifestDocument } from "../manifest.ts";
import type { Unfinished } from "./unfinished.ts";

/** Milliseconds for which stays what clients were told to be here: as long as a push may take. */
export const PROMISE_PERIOD = 24 * 60 * 60 * 1000;

/**
 * What a manifest leads to. Of all manifests of a store nothing else is kept: one may have four
 * megabytes, and there may be thousands.
 */
export interface Links {
  /** What it refers to. */
  readonly subject?: Digest;
  /** Whether what it lists are manifests. */
  readonly isIndex: boolean;
  /** All that it lists. */
  readonly children: readonly Digest[];
}

/** What the manifests of a repository lead to; `undefined` for those that cannot be read. */
export type Documents = ReadonlyMap<Digest, Links | undefined>;

/** What a manifest leads to. */
export function linksOf(document: ManifestDocument): Links {
  return {
    subject: document.subject?.digest,
    isIndex: document.kind === "index",
    children: children(document).map(({ digest }) => digest),
  };
}

/** What pruning decided about one repository. */
export interface RepositoryPlan {
  readonly name: string;
  /** What its manifests lead to. */
  readonly documents: Documents;
  readonly doomedManifests: readonly Digest[];
  readonly doomedLayers: readonly Digest[];
  readonly unfinished: readonly Unfinished[];
  /** Content the repository still needs. */
  readonly kept: ReadonlySet<Digest>;
  /** Content that only doomed manifests mention: free to go, however young. */
  readonly released: ReadonlySet<Digest>;
}

/** When to sweep. */
interface SweepOptions {
  /** The time, in milliseconds since the epoch; that of the system when absent. */
  readonly now?: number;
}

/**
 * Removes links before the bytes they lead to, so that no link ever leads nowhere, and tells what
 * stays after all.
 */
export async function sweep(
  store: DiskStore,
  plans: readonly RepositoryPlan[],
  blobs: readonly { readonly digest: Digest }[],
  options: SweepOptions,
): Promise<ReadonlySet<Digest>> {
  const { layout } = store;
  const back = new Set<Digest>();
  for (const plan of plans) {
    const repository = new DiskRepository(plan.name, store);
    const stays = await takeLinks(layout, plan, options);
    stays.forEach((digest) => back.add(digest));
    const gone = plan.doomedManifests.filter((digest) => !stays.has(digest));
    await repository.links.forgetTagged(new Set(gone));
    for (const { path, removed } of plan.unfinished) if (removed) await remove(path);
    if (plan.kept.size === 0 && stays.size === 0) await removeEmptyRepository(layout, plan.name);
  }
  await removeIfExists(layout.pruned);
  // Nobody receives now, so these are of commands that were killed.
  await removeIfExists(layout.turns);
  for (const { digest } of blobs) if (!back.has(digest)) await remove(layout.blobFolder(digest));
  return back;
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
  { now = Date.now() }: SweepOptions,
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
    documents.get(digest)?.children.forEach((child) => needed.add(child));
  }
  return needed;
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
