/**
 * What a tag named before: the layout of the store keeps a link to each, until prune takes what no
 * tag names any more.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { compareText } from "../../core/text.ts";
import type { EarlierName } from "../capabilities.ts";
import type { MemberLinks } from "../disk/member_links.ts";
import type { TagLinks } from "../disk/tag_links.ts";

/** The most that are told of. */
const MOST = 20;

/** The tags of a repository, and the manifests that they can name. */
interface TaggedManifests {
  readonly members: MemberLinks;
  readonly tagLinks: TagLinks;
}

/** The manifests that a tag named before and that are still here, the latest first. */
export async function earlierNames(
  { members, tagLinks }: TaggedManifests,
  tag: string,
  { signal }: OperationOptions = {},
): Promise<readonly EarlierName[]> {
  const current = await tagLinks.named(tag);
  const found: EarlierName[] = [];
  for (const digest of await tagLinks.everNamed(tag)) {
    await giveWay();
    signal?.throwIfAborted();
    if (digest === current || !await members.hasManifest(digest)) continue;
    const time = await tagLinks.givenAt(tag, digest);
    if (time !== undefined) found.push({ digest, taggedAt: new Date(time).toISOString() });
  }
  return found.sort(latestFirst).slice(0, MOST);
}

function latestFirst(a: EarlierName, b: EarlierName): number {
  return compareText(b.taggedAt, a.taggedAt) || compareText(a.digest, b.digest);
}
