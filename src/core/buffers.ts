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

/** Those that somebody uses, and how much of each was asked for. */
const lent = new WeakMap<ArrayBufferLike, number>();

/**
 * A buffer of `size` bytes, of any content. Whoever is last to use it may give it back. One that
 * nobody gives back is collected like any other, so only who knows to be the last has to know of
 * this.
 */
export function borrowBuffer(size: number): Uint8Array<ArrayBuffer> {
  if (size < SMALLEST) return new Uint8Array(size);
  const whole = 2 ** Math.ceil(Math.log2(size));
  const buffer = taken(whole) ?? new ArrayBuffer(whole);
  lent.set(buffer, size);
  return new Uint8Array(buffer, 0, size);
}

/** Gives back a buffer that nobody uses any more; others, and parts of one, are left alone. */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  // Somebody may still have the other parts.
  if (lent.get(buffer) !== byteLength) return;
  // Once each: given back twice it would be lent to two at once.
  lent.delete(buffer);
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
