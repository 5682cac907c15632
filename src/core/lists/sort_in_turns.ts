/**
 * Sorting a list of tens of thousands piece by piece: in one go it takes a tenth of a second, in
 * which nobody else is heard.
 * @module
 */
import { giveWay } from "../runtime/turn.ts";

/** Items that are sorted or passed by at once: a millisecond of work or two. */
const PIECE = 1000;

/** The items in the order of `compare`; those that it does not tell apart stay as they came. */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Promise<Item[]> {
  let runs: Item[][] = [];
  for (let at = 0; at < items.length; at += PIECE) {
    runs.push(items.slice(at, at + PIECE).sort(compare));
    await giveWay();
  }
  while (runs.length > 1) {
    const longer: Item[][] = [];
    for (let at = 0; at < runs.length; at += 2) {
      longer.push(await merged(runs[at]!, runs[at + 1] ?? [], compare));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

async function merged<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Promise<Item[]> {
  const all: Item[] = [];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const isLeft = r === right.length || l < left.length && compare(left[l]!, right[r]!) <= 0;
    all.push(isLeft ? left[l++]! : right[r++]!);
    if (all.length % PIECE === 0) await giveWay();
  }
  return all;
}
