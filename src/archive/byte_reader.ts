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
    while (this.#rest.byteLength === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#rest = value;
    }
    const bytes = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(bytes.byteLength);
    return bytes;
  }

  /** The next `size` bytes; fewer where the stream ends before. */
  async upTo(size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let left = size; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) break;
      parts.push(part);
      left -= part.byteLength;
    }
    return parts.length === 1 ? parts[0]! : concatBytes(parts);
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
