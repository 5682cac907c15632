/**
 * Bounded concurrency that does not waste finished work.
 * @module
 */
import { pLimit } from "../deps/p-limit.ts";

/** Items worked on at once when nobody says otherwise. */
export const DEFAULT_CONCURRENCY = 5;

/**
 * Runs `work` on every item, at most `concurrency` at a time, and returns the results in the order
 * of the items. After a failure or an abort no further item is started, the running ones are
 * awaited (so that nothing is still being written when this returns), and the first error is
 * thrown.
 */
export async function mapConcurrent<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item, index: number) => Promise<Result>,
  options: {
    readonly concurrency?: number;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Result[]> {
  const limit = pLimit(Math.max(1, options.concurrency || DEFAULT_CONCURRENCY));
  const failures: unknown[] = [];
  const results = await Promise.all(
    Array.from(items, (item, index) =>
      limit(async () => {
        if (failures.length > 0) return undefined;
        try {
          options.signal?.throwIfAborted();
          return await work(item, index);
        } catch (error) {
          failures.push(error);
          return undefined;
        }
      })),
  );
  if (failures.length > 0) throw failures[0];
  return results as Result[];
}
