/**
 * What is done when an operation is stopped.
 * @module
 */

/**
 * Calls `action` when a signal aborts, until what is returned is disposed of; at once, before this
 * returns, if it has aborted already: that is no event any more, and whoever listened for one would
 * wait for ever.
 */
export function onAbort(signal: AbortSignal | undefined, action: () => void): Disposable {
  if (signal?.aborted) action();
  signal?.addEventListener("abort", action);
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", action) };
}

/**
 * Waits for what cannot be stopped, as the system's own copy of a file, until a signal aborts: it
 * goes on then, and nobody waits for it or hears how it ended.
 * @throws the reason of the signal.
 */
export async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  using _stop = onAbort(signal, () => reject(signal?.reason));
  return await Promise.race([work, stopped]);
}
