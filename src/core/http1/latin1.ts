/**
 * Text of one byte a character, as heads of messages are. `Buffer` does it too, but is a part of
 * the runtime that takes a third as long to load as an empty program to run.
 * @module
 */

/** The text of at most 64 KiB of bytes. */
export function latin1Text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The bytes of a text; what does not fit into one loses its upper bits, as with `Buffer`. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Where `mark` begins in bytes, looked for from `start` on; -1 where it is not. */
export function indexOfMark(bytes: Uint8Array, mark: string, start: number): number {
  const [first = 0, ...rest] = latin1Bytes(mark);
  let at = bytes.indexOf(first, start);
  while (at >= 0 && rest.some((byte, index) => bytes[at + 1 + index] !== byte)) {
    at = bytes.indexOf(first, at + 1);
  }
  return at;
}
