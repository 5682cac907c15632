/**
 * The repositories of a catalog, searched by words.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import { compareText } from "../../core/text.ts";
import type { Catalog, ContentStore } from "../../oci/store.ts";

/** What to look for. */
export interface RepositorySearch {
  /** Words, each of which is somewhere in the name; upper and lower case are the same. */
  readonly search?: string;
  /** The most repositories. */
  readonly limit: number;
  /** The last one of the page before. */
  readonly last?: string;
}

/** A page of what was found. */
export interface FoundRepositories {
  /** In bytewise order of their names. */
  readonly repositories: readonly { readonly name: string; readonly tags: number }[];
  /** How many there are on all pages. */
  readonly total: number;
  /** The last one of this page, where more follow. */
  readonly next?: string;
}

/** Finds repositories by their names, and counts the tags of those on the page. */
export async function findRepositories(
  catalog: Pick<Catalog, "repositories"> & { open(name: string): ContentStore },
  { search = "", limit, last }: RepositorySearch,
  options: OperationOptions,
): Promise<FoundRepositories> {
  const words = [...new Set(search.toLowerCase().split(/\s+/))];
  const page: string[] = [];
  let total = 0;
  let hasMore = false;
  for await (const name of catalog.repositories(options)) {
    const text = name.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    total++;
    if (last !== undefined && compareText(name, last) <= 0) continue;
    if (page.length < limit) page.push(name);
    else hasMore = true;
  }
  const repositories: { name: string; tags: number }[] = [];
  for (const name of page) {
    repositories.push({
      name,
      tags: await countTags(catalog.open(name).tags({ ...options, after: "" })),
    });
  }
  return { repositories, total, next: hasMore ? page.at(-1) : undefined };
}

async function countTags(tags: AsyncIterable<string>): Promise<number> {
  let count = 0;
  for await (const _ of tags) count++;
  return count;
}
