/**
 * When silence means that a connection is lost.
 * @module
 */

/** Milliseconds without an answer or a byte after which a connection counts as lost. */
export const DEFAULT_STALL_TIME = 120_000;

/** Waits for `work`, and takes the connection for lost when it takes longer than `milliseconds`. */
export async function inTime<Result>(
  work: Promise<Result>,
  milliseconds: number = DEFAULT_STALL_TIME,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("timed out")), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
