/**
 * A cursor over the beginning of a file, for headers whose sizes cannot be trusted.
 * @module
 */
import { InvalidInputError } from "../../../core/errors.ts";
import { readSource } from "../../../core/content/read_source.ts";
import type { BlobSource } from "../../../core/content/source.ts";

/** Byte order of numbers. */
export type ByteOrder = "little" | "big";

/** How a header is read, whatever its format. */
export interface ReadHeaderOptions {
  /** What the file is called in messages. */
  readonly name?: string;
  /** Stops the reading. */
  readonly signal?: AbortSignal;
  /** Bytes fetched at once, where a read costs more than its bytes; what suits the format else. */
  readonly window?: number;
}

/** How to read. */
export interface HeaderReaderOptions {
  /** What is read, for error messages. */
  readonly what: string;
  /** Stops the reading. */
  readonly signal?: AbortSignal;
  /** Bytes fetched at once; 64 KiB when absent. */
  readonly window?: number;
  /** Bytes fetched in all; 128 MiB when absent. */
  readonly budget?: number;
}

/** No header has a single value that is larger. Bytes. */
const LARGEST_VALUE = 1024 * 1024;

/**
 * Reads numbers and short texts in order, and skips the rest without reading it. Nothing beyond the
 * file's size is asked for, no size from the file is allocated before it is checked, and what is
 * read in all is bounded.
 */
export class HeaderReader {
  readonly #source: BlobSource;
  readonly #options: HeaderReaderOptions;
  readonly #windowSize: number;
  #budget: number;
  #position = 0;
  #window = new Uint8Array(0);
  #windowStart = 0;

  /** Starts at the first byte. */
  constructor(source: BlobSource, options: HeaderReaderOptions) {
    this.#source = source;
    this.#options = options;
    this.#windowSize = options.window ?? 64 * 1024;
    this.#budget = options.budget ?? 128 * 1024 * 1024;
  }

  /** Where the next byte is read. */
  get position(): number {
    return this.#position;
  }

  /** Bytes from here to the end of the file. */
  get left(): number {
    return this.#source.size - this.#position;
  }

  /**
   * Passes over bytes without reading them.
   * @throws {InvalidInputError} when the file does not have as many.
   */
  skip(count: number): void {
    this.#check(count);
    this.#position += count;
  }

  /** Makes the next `count` bytes available; await it only when it returns a promise. */
  need(count: number): Promise<void> | undefined {
    this.#check(count);
    const end = this.#position + count;
    const inside = this.#position >= this.#windowStart &&
      end <= this.#windowStart + this.#window.byteLength;
    return inside ? undefined : this.#load(count);
  }

  /** The next bytes; they are good until the next call. */
  async bytes(count: number): Promise<Uint8Array> {
    if (count > LARGEST_VALUE) {
      throw this.invalid(`a value of ${count} bytes is announced`);
    }
    await this.need(count);
    const start = this.#position - this.#windowStart;
    this.#position += count;
    return this.#window.subarray(start, start + count);
  }

  /**
   * The next bytes as they come, as many as the caller has found to be sensible: those that were
   * fetched are not fetched again, and nothing is kept.
   */
  async *chunks(count: number): AsyncGenerator<Uint8Array, void> {
    this.#check(count);
    const from = this.#position - this.#windowStart;
    const here = this.#window.subarray(Math.max(0, from), Math.max(0, from + count));
    const [start, end] = [this.#position + here.byteLength, this.#position + count];
    this.#position = end;
    if (here.byteLength > 0) yield here;
    if (start === end) return;
    this.#pay(end - start);
    const { signal } = this.#options;
    let missing = end - start;
    for await (const chunk of await this.#source.open({ range: { start, end }, signal })) {
      missing -= chunk.byteLength;
      yield chunk;
    }
    if (missing !== 0) throw this.invalid("it ends early");
  }

  /** The next byte; {@linkcode need} must have made it available. */
  takeByte(): number {
    return this.#window[this.#position++ - this.#windowStart] ?? 0;
  }

  /** The next four bytes as a number without sign. */
  async u32(order: ByteOrder): Promise<number> {
    return view(await this.bytes(4)).getUint32(0, order === "little");
  }

  /**
   * The next eight bytes as a number without sign.
   * @throws {InvalidInputError} when it is larger than a number can hold exactly.
   */
  async u64(order: ByteOrder): Promise<number> {
    const value = view(await this.bytes(8)).getBigUint64(0, order === "little");
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw this.invalid(`a number is too large: ${value}`);
  }

  /** The error that says that this file is not what it should be. */
  invalid(found: string): InvalidInputError {
    return new InvalidInputError(`Cannot read ${this.#options.what}: ${found}`);
  }

  #check(count: number): void {
    if (Number.isSafeInteger(count) && count >= 0 && count <= this.left) return;
    throw this.invalid(
      `it ends at byte ${this.#source.size}, and ${count} bytes are announced at ${this.#position}`,
    );
  }

  #pay(bytes: number): void {
    this.#options.signal?.throwIfAborted();
    this.#budget -= bytes;
    if (this.#budget < 0) throw this.invalid("its header is too large");
  }

  async #load(count: number): Promise<void> {
    const start = this.#position;
    const end = Math.min(this.#source.size, start + Math.max(count, this.#windowSize));
    this.#pay(end - start);
    const range = { start, end };
    this.#window = await readSource(this.#source, { range, signal: this.#options.signal });
    this.#windowStart = start;
    if (this.#window.byteLength !== end - start) throw this.invalid("it ends early");
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
