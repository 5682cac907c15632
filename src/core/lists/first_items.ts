/**
 * The first items of an order, out of any number that come in any order.
 *
 * A list of tens of thousands that is sorted in one go keeps everybody else from being heard, and
 * whoever wants the first hundred needs no list of all. What comes behind those that are kept is
 * dropped as it comes, so memory and the longest piece of work are bounded by twice what is kept.
 * @module
 */

/** What is kept. */
export interface FirstItemsOptions<Item> {
  /** The order; items that it does not tell apart stay as they came. */
  readonly compare: (a: Item, b: Item) => number;
  /** The most that is kept, in what `weightOf` counts; the first item is kept in any case. */
  readonly limit: number;
  /** What an item counts for; 1 when absent. */
  readonly weightOf?: (item: Item) => number;
}

interface Weighed<Item> {
  readonly item: Item;
  readonly weight: number;
}

/** The first of the items that were added. */
export class FirstItems<Item> {
  readonly #compare: FirstItemsOptions<Item>["compare"];
  readonly #limit: number;
  readonly #weightOf: (item: Item) => number;
  #kept: Weighed<Item>[] = [];
  #weight = 0;
  /** The first item that was too much: neither it nor what comes behind it is kept. */
  #end: Weighed<Item> | undefined;

  /** Keeps the first of what is added. */
  constructor({ compare, limit, weightOf = () => 1 }: FirstItemsOptions<Item>) {
    this.#compare = compare;
    this.#limit = limit;
    this.#weightOf = weightOf;
  }

  /** Offers an item. */
  add(item: Item): void {
    if (this.#end !== undefined && this.#compare(item, this.#end.item) >= 0) return;
    const weight = this.#weightOf(item);
    this.#kept.push({ item, weight });
    this.#weight += weight;
    if (this.#weight > 2 * this.#limit) this.#trim();
  }

  /** The items that are kept, in order, and whether there were others behind them. */
  finish(): { readonly items: Item[]; readonly hasMore: boolean } {
    this.#trim();
    return { items: this.#kept.map(({ item }) => item), hasMore: this.#end !== undefined };
  }

  #trim(): void {
    this.#kept.sort((a, b) => this.#compare(a.item, b.item));
    let weight = 0;
    for (const [index, each] of this.#kept.entries()) {
      if (index > 0 && weight + each.weight > this.#limit) {
        this.#end = each;
        this.#kept.length = index;
        break;
      }
      weight += each.weight;
    }
    this.#weight = weight;
  }
}
