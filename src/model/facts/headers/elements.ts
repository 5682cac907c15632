/**
 * Counts of the elements of tensors, by their type.
 * @module
 */

/** Types that are told apart; those behind them count as one. */
const MOST_TYPES = 100;

/** Adds elements of a type to a tally. */
export function addElements(tally: Map<string, number>, type: string, count: number): void {
  const key = tally.size < MOST_TYPES || tally.has(type) ? type : "other";
  tally.set(key, (tally.get(key) ?? 0) + count);
}

/** The type that most elements have, `undefined` when there are none. */
export function dominantType(elements: ReadonlyMap<string, number>): string | undefined {
  let dominant: string | undefined;
  let most = 0;
  for (const [type, count] of elements) {
    if (count <= most) continue;
    dominant = type;
    most = count;
  }
  return dominant;
}

/** All elements together; `undefined` when there are none, or too many to be counted exactly. */
export function countElements(elements: ReadonlyMap<string, number>): number | undefined {
  let sum = 0;
  for (const count of elements.values()) sum += count;
  return sum > 0 && Number.isSafeInteger(sum) ? sum : undefined;
}

/** The elements of several files, added up by type. */
export function mergeElements(
  parts: readonly { readonly elements: ReadonlyMap<string, number> }[],
): Map<string, number> {
  const elements = new Map<string, number>();
  for (const part of parts) {
    for (const [type, count] of part.elements) addElements(elements, type, count);
  }
  return elements;
}
