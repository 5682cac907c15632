/**
 * Turns of decompressors that need much memory: five layers at once, each with the largest window
 * that is usual, would take 320 MiB.
 * @module
 */

/** Bytes that each of any number of decompressors may have; most of what is packed needs less. */
export const LITTLE_MEMORY = 8 * 1024 * 1024;

let last: Promise<void> = Promise.resolve();

/** Waits until nobody has a turn that began earlier; disposing of the turn ends it. */
export async function memoryTurn(): Promise<Disposable> {
  const earlier = last;
  let end = () => {};
  last = new Promise((resolve) => end = resolve);
  await earlier;
  return { [Symbol.dispose]: () => end() };
}
