/**
 * The last net: errors that reach nobody.
 * @module
 */

/**
 * Rejects with the first error that would end the process with a stack: thrown by an event or a
 * timer, or of work that nobody waits for. Later ones are its consequences, and are not told.
 */
export function uncaughtFault(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Whoever waits for it is told; when nobody does yet, it is kept until somebody does.
  promise.catch(() => undefined);
  addEventListener("error", (event) => {
    event.preventDefault();
    reject(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    reject(event.reason);
  });
  return promise;
}
