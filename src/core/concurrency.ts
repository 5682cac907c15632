/**
 * Bounded concurrency that does not waste finished work.
 * @module
 */
import { DEFAULT_CONCURRENCY } from "./operation.ts";
import { collectInSeries } from "./runtime/garbage.ts";

/**
 * Runs `work` on every item, at most `concurrency` at a time, and returns the results in the order
 * of the items. After a failure or an abort no further item is started, the running ones are
 * awaited (so that nothing is still being written when this returns), and the first error is
 * thrown. Items wait as they are: a promise for each of thirty thousand takes as much memory as
 * what is done with them.
 */
export async function mapConcurrent<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item, index: number) => Promise<Result>,
  options: {
    readonly concurrency?: number;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Result[]> {
  const { concurrency, signal } = options;
  const queue = items[Symbol.iterator]();
  const results: Result[] = [];
  const failures: unknown[] = [];
  let count = 0;
  let isOver = false;
  const worker = async () => {
    while (failures.length === 0) {
      const { done, value } = queue.next();
      if (done) {
        isOver = true;
        return;
      }
      const index = count++;
      collectInSeries(index);
      try {
        signal?.throwIfAborted();
        results[index] = await work(value, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const workers: Promise<void>[] = [];
  const most = Math.max(1, concurrency || DEFAULT_CONCURRENCY);
  while (workers.length < most && !isOver && failures.length === 0) workers.push(worker());
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
  return results;
}
