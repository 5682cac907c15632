/**
 * Buffers that are used again.
 *
 * A fresh buffer a chunk costs more than reading into it: the system clears its pages, and the
 * collector looks for it later (a quarter of the work of sending a file). Whoever reads borrows a
 * buffer; whoever is last to use the chunk gives it back. A chunk that nobody gives back is
 * collected like any other, so only who knows to be the last has to know of this.
 * @module
 */
import { CHUNK_SIZE } from "./streams.ts";

/** Buffers that wait to be used: what a few transfers at once need, and no more. */
const MOST_FREE = 16;

const free: ArrayBuffer[] = [];
const lent = new WeakSet<ArrayBufferLike>();

/** A chunk of `CHUNK_SIZE` bytes, of any content. */
export function borrowChunk(): Uint8Array<ArrayBuffer> {
  const buffer = free.pop() ?? new ArrayBuffer(CHUNK_SIZE);
  lent.add(buffer);
  return new Uint8Array(buffer);
}

/** Gives back a chunk that nobody uses any more; others, and parts of one, are left alone. */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  // Somebody may still have the other parts.
  if (byteLength < buffer.byteLength) return;
  // Once each: given back twice it would be lent to two at once.
  if (!lent.delete(buffer) || free.length >= MOST_FREE) return;
  free.push(buffer as ArrayBuffer);
}
