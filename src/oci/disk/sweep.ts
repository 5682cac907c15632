/**
 * Removes what pruning has decided to, while clients of a server may be promised some of it.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { explainWrite, isMissing } from "../../core/file_errors.ts";
import { lstatIfExistsSync, readDirIfExists } from "../../core/files.ts";
import { dirname, join } from "../../core/runtime/path.ts";
import type { DiskLayout, MemberKind } from "../disk_layout.ts";
import { DiskRepository } from "../disk_repository.ts";
import type { DiskStore } from "../disk_store.ts";
import { children, type ManifestDocument } from "../manifest.ts";
import { PROMISE_FILE } from "./member_links.ts";
import { remove } from "./remove.ts";
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
  /** The part of the local store that it is in. */
  readonly store: DiskStore;
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
 * Takes links before the bytes they lead to are removed, so that no link ever leads nowhere, and
 * tells what stays after all. Nothing new is made on the way: a full disk is what people prune for.
 * The folder of a link stays until the bytes are gone: pruning that was stopped goes on from there.
 */
export async function sweep(
  store: DiskStore,
  plans: readonly RepositoryPlan[],
  blobs: readonly { readonly digest: Digest }[],
  options: SweepOptions,
): Promise<ReadonlySet<Digest>> {
  const { layout } = store;
  const back = new Set<Digest>();
  const taken: string[] = [];
  const empty: string[] = [];
  for (const plan of plans) {
    const { stays, gone } = takeLinks(layout, plan, options);
    stays.forEach((digest) => back.add(digest));
    for (const folder of gone) taken.push(folder);
    if (plan.kept.size === 0 && stays.size === 0) empty.push(plan.name);
    const forgotten = plan.doomedManifests.filter((digest) => !stays.has(digest));
    await new DiskRepository(plan.name, store).tagLinks.forget(new Set(forgotten));
    for (const { path, removed } of plan.unfinished) if (removed) await remove(path);
  }
  // Nobody receives now, so these are of commands that were killed.
  await remove(layout.turns);
  for (const { digest } of blobs) if (!back.has(digest)) await remove(layout.blobFolder(digest));
  for (const folder of taken) await remove(folder);
  for (const name of empty) await removeEmptyRepository(layout, name);
  return back;
}

/** What a link is called that was taken from its place: its folder is that of no member then. */
const TAKEN = "taken";

/**
 * Takes the links of doomed content, and puts those back that somebody was promised since it was
 * looked at: a server promises without waiting for prune. Then nothing is promised any more of what
 * is gone. The digests that stay are those of a promise and of all that it needs; what is gone is
 * told by the folders of its links. Manifests come last: they tell what of the layers is doomed.
 */
function takeLinks(
  layout: DiskLayout,
  plan: RepositoryPlan,
  { now = Date.now() }: SweepOptions,
): { readonly stays: ReadonlySet<Digest>; readonly gone: readonly string[] } {
  const doomed: readonly [MemberKind, readonly Digest[]][] = [
    ["_layers", plan.doomedLayers],
    ["_manifests/revisions", plan.doomedManifests],
  ];
  const links = doomed.flatMap(([kind, digests]) =>
    digests.map((digest) => ({ digest, link: layout.memberLink(plan.name, kind, digest) }))
  );
  for (const { link } of links) move(link, beside(link, TAKEN));
  const promised = links.filter(({ link }) => {
    const written = lstatIfExistsSync(beside(link, PROMISE_FILE))?.mtime?.getTime() ?? 0;
    return now - written < PROMISE_PERIOD;
  });
  const stays = neededBy(promised.map(({ digest }) => digest), plan.documents);
  const [back, gone] = [true, false].map((kept) =>
    links.filter(({ digest }) => stays.has(digest) === kept).map(({ link }) => link)
  ) as [string[], string[]];
  for (const link of back) move(beside(link, TAKEN), link);
  return { stays, gone: gone.map((link) => dirname(link)) };
}

function beside(link: string, name: string): string {
  return join(dirname(link), name);
}

/** Gives a file another name; one that is not there was moved by pruning that was stopped. */
function move(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (error) {
    if (!isMissing(error)) throw explainWrite(to, error);
  }
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
