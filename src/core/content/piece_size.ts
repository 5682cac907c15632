/**
 * The memory that the body of an answer is read with.
 * @module
 */

/** Most bytes that are read at once of a body that goes into memory. */
const MOST = 64 * 1024;

/**
 * Bytes of a piece of a body, by what its answer says of its size: of ten thousand small bodies,
 * 64 KiB for each were more than all else together.
 */
export function pieceSize(headers: Headers): number {
  const told = headers.get("Content-Length") ?? "";
  // The end is read as well, into a byte at least.
  return /^\d+$/.test(told) ? Math.max(1, Math.min(Number(told), MOST)) : MOST;
}
