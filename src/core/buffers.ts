/**
 * Buffers that are used again and again.
 *
 * A fresh one costs more than reading into it: the system clears its pages, and the collector looks
 * for it later, which was a quarter of the work of sending a file. And it looks late: sixty
 * megabytes of buffers that nobody uses any more may wait for it.
 * @module
 */

/** Smaller ones are not worth keeping; others have sizes that are a power of two. */
const SMALLEST = 16 * 1024;

/** Bytes of buffers that wait to be used again: what a few transfers at once need, and no more. */
const MOST_FREE = 16 * 1024 * 1024;

/** Those that wait, by their size; the size that was wanted last comes last. */
const free = new Map<number, ArrayBuffer[]>();
let freeBytes = 0;

/**
 * Those that somebody uses, as they were lent: whoever passes on what lies in one of them, be it
 * all of it, and goes on to use it makes another view of it.
 */
const lent = new WeakSet<Uint8Array>();

/**
 * A buffer of `size` bytes, of any content. Whoever is last to use it may give it back. One that
 * nobody gives back is collected like any other, so only who knows to be the last has to know of
 * this.
 */
export function borrowBuffer(size: number): Uint8Array<ArrayBuffer> {
  if (size < SMALLEST) return new Uint8Array(size);
  const whole = 2 ** Math.ceil(Math.log2(size));
  const bytes = new Uint8Array(taken(whole) ?? new ArrayBuffer(whole), 0, size);
  lent.add(bytes);
  return bytes;
}

/** Gives back a buffer that nobody uses any more; others, and views of one, are left alone. */
export function giveBack(bytes: Uint8Array): void {
  // Once each: given back twice it would be lent to two at once.
  if (!lent.delete(bytes)) return;
  const { buffer } = bytes;
  const size = buffer.byteLength;
  const waiting = free.get(size) ?? [];
  waiting.push(buffer as ArrayBuffer);
  free.delete(size);
  free.set(size, waiting);
  freeBytes += size;
  for (const other of free.keys()) while (freeBytes > MOST_FREE && taken(other));
}

function taken(size: number): ArrayBuffer | undefined {
  const buffer = free.get(size)?.pop();
  if (buffer) freeBytes -= size;
  return buffer;
}
