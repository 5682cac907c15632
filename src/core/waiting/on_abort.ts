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
