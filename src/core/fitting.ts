/**
 * Lists that are cut where they grow too large for an answer.
 * @module
 */

/** The first items of a list whose JSON has no more than so many characters. */
export function firstFitting<Item>(items: readonly Item[], characters: number): readonly Item[] {
  let left = characters;
  // What is behind the end is not written out to be measured.
  const end = items.findIndex((item) => (left -= JSON.stringify(item).length + 1) < 0);
  return end < 0 ? items : items.slice(0, end);
}
