/**
 * Lists of hundreds of thousands of items, which are made when somebody looks at them: an object
 * for each would take several times the memory of what it says.
 * @module
 */

/** A list that can be walked through as often as one likes. As JSON it is a list like any other. */
export abstract class LongList<Item> implements Iterable<Item> {
  /** How many items there are. */
  abstract readonly length: number;

  /** The item at an index from 0 to below {@linkcode length}, made anew. */
  abstract at(index: number): Item;

  /** The items in their order, each made anew. */
  abstract [Symbol.iterator](): Iterator<Item, void>;

  /** The items as JSON has them. */
  toJSON(): Item[] {
    return [...this];
  }
}

/** Items that are made each time that they are walked through, so that nobody keeps them. */
export function madeItems<Item>(make: () => Iterable<Item>): Iterable<Item> {
  return { [Symbol.iterator]: () => make()[Symbol.iterator]() };
}
