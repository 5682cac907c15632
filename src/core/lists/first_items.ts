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
  /** The most items that are kept. */
  readonly limit: number;
}

/** The first of the items that were added. */
export class FirstItems<Item> {
  readonly #compare: FirstItemsOptions<Item>["compare"];
  readonly #limit: number;
  #kept: Item[] = [];
  /** The last that may be kept, once there were more: what is not before it is dropped. */
  #last: { readonly item: Item } | undefined;

  /** Keeps the first of what is added. */
  constructor({ compare, limit }: FirstItemsOptions<Item>) {
    this.#compare = compare;
    this.#limit = limit;
  }

  /** Offers an item. */
  add(item: Item): void {
    if (this.#last !== undefined && this.#compare(item, this.#last.item) >= 0) return;
    this.#kept.push(item);
    if (this.#kept.length > 2 * this.#limit) this.#trim();
  }

  /** The items that are kept, in order. */
  finish(): Item[] {
    this.#trim();
    return [...this.#kept];
  }

  #trim(): void {
    this.#kept.sort(this.#compare);
    if (this.#kept.length < this.#limit) return;
    this.#kept.length = this.#limit;
    if (this.#limit > 0) this.#last = { item: this.#kept.at(-1)! };
  }
}
