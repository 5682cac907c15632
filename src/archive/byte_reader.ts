/**
 * Exact amounts of bytes from a stream.
 * @module
 */
import { concatBytes } from "../core/streams.ts";

/** Reads a stream in portions that the caller chooses. Memory holds a portion and a chunk. */
export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  /** Takes over a stream; {@linkcode cancel} gives it back. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** From 1 to `limit` of the next bytes, as they come; `undefined` at the end of the stream. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    if (await this.atEnd()) return undefined;
    const bytes = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(bytes.byteLength);
    return bytes;
  }

  /** The next `size` bytes; `undefined` when the stream ends before them. */
  async exactly(size: number): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    for (let left = size; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) return undefined;
      parts.push(part);
      left -= part.byteLength;
    }
    return parts.length === 1 ? parts[0] : concatBytes(parts);
  }

  /** Whether the stream has ended. */
  async atEnd(): Promise<boolean> {
    while (this.#rest.byteLength === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return true;
      this.#rest = value;
    }
    return false;
  }

  /** Drops the next `size` bytes; `false` when the stream ends before them. */
  async skip(size: number): Promise<boolean> {
    for (let left = size; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) return false;
      left -= part.byteLength;
    }
    return true;
  }

  /** Cancels the stream. One that has failed already is left as it is. */
  async cancel(): Promise<void> {
    // A failed stream refuses with the error that its reader has seen already.
    await this.#reader.cancel().catch(() => undefined);
  }
}
