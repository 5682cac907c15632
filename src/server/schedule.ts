/**
 * What is done again and again while something else lasts.
 * @module
 */

/** Does `work` every so many milliseconds, for the first time after as many, until disposed. */
export function every(milliseconds: number, work: () => void): Disposable {
  const timer = setInterval(work, milliseconds);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
