/**
 * One page of a list that is in order: tags, repositories, referrers.
 *
 * A list is read no further than its page reaches, and what comes before it costs a comparison, so
 * that a page takes as long as it is, however long the list. Whoever lists gives others their turn.
 * @module
 */
import { compareText } from "../core/text.ts";

/** A page. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** What the next page starts after; `undefined` on the last page. */
  readonly next?: string;
}

/** What is on a page. */
export interface PageRules<Item> {
  /** What the list is ordered by, in bytewise order. */
  readonly nameOf: (item: Item) => string;
  /** Only what comes behind this name; everything when it is empty. */
  readonly last: string;
  /** The most that is on it, in what `weightOf` counts; at least one item is. */
  readonly limit: number;
  /** What an item counts for; 1 when absent. */
  readonly weightOf?: (item: Item) => number;
}

/** Reads one page. */
export async function readPage<Item>(
  list: AsyncIterable<Item>,
  { nameOf, last, limit, weightOf = () => 1 }: PageRules<Item>,
): Promise<ListPage<Item>> {
  const items: Item[] = [];
  let [weight, end] = [0, last];
  for await (const item of list) {
    const name = nameOf(item);
    if (compareText(name, last) <= 0) continue;
    weight += weightOf(item);
    // A page gets its reader further, however much one item is.
    if (items.length > 0 && weight > limit) return { items, next: end };
    items.push(item);
    end = name;
  }
  return { items };
}
