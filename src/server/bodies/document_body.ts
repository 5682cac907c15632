/**
 * Bodies that are read into memory: documents. What they take of it is bounded, however many come
 * at once, and however slowly.
 * @module
 */
import { TransientError } from "../../core/retry.ts";
import { withTimeLimit } from "../../core/time_limit.ts";
import { pLimit } from "../../deps/p-limit.ts";
import { contentLength, incoming } from "./body.ts";
import { RegistryFault } from "../fault.ts";

/** Documents up to this size, in bytes, are read without further ado: most are. */
const SMALL = 16 * 1024;

/** Larger ones that are in memory at once. */
const LARGE_AT_ONCE = 8;

/** Parsed, a document above this size takes many times as much: they are used one by one. */
const HUGE = 256 * 1024;

/** Larger ones that wait for others to be done with. */
const LARGE_WAITING = 64;

/** Milliseconds in which a larger one has to come when it is its turn. */
const LARGE_TIME = 60_000;

const room = pLimit(LARGE_AT_ONCE);
const hugeOnes = pLimit(1);

/**
 * Reads the body of a document, and gives it to `use`.
 * @throws {RegistryFault} of status 413 as soon as it is known to be larger than `limit` bytes, of
 * 408 when a large one comes too slowly, and of 503 when too many large ones are waiting.
 */
export async function withDocument<Result>(
  request: Request,
  limit: number,
  use: (bytes: Uint8Array<ArrayBuffer>) => Promise<Result>,
): Promise<Result> {
  const promised = contentLength(request) ?? 0;
  if (promised > limit) throw tooLarge(limit);
  const stop = new AbortController();
  const document = new Document(incoming(request, stop.signal, SMALL), promised);
  try {
    if (await document.read(Math.min(SMALL, limit))) return await use(document.bytes);
    if (SMALL >= limit) throw tooLarge(limit);
    if (room.pendingCount >= LARGE_WAITING) throw tooMany();
    return await room(async () => {
      const isWhole = await withTimeLimit(LARGE_TIME, () => document.read(limit));
      if (!isWhole) throw tooLarge(limit);
      const { bytes } = document;
      return bytes.byteLength > HUGE ? await hugeOnes(use, bytes) : await use(bytes);
    });
  } catch (error) {
    stop.abort(error);
    throw error instanceof TransientError ? tooSlow(error) : error;
  }
}

/** A document on its way into memory. */
class Document {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #promised: number;
  #buffer = new Uint8Array(SMALL);
  #size = 0;

  /** Makes a document of chunks; `promised` is its size, where that was told, or 0. */
  constructor(chunks: AsyncIterator<Uint8Array>, promised: number) {
    this.#chunks = chunks;
    this.#promised = promised;
  }

  /** What has come so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Reads on, until there are more than `most` bytes; whether it came to the end before that. */
  async read(most: number): Promise<boolean> {
    while (this.#size <= most) {
      const { done, value } = await this.#chunks.next();
      if (done) return true;
      this.#add(value);
    }
    return false;
  }

  /** Chunks may be of one byte: kept one by one they would take hundreds of times their size. */
  #add(chunk: Uint8Array): void {
    const end = this.#size + chunk.byteLength;
    if (end > this.#buffer.byteLength) {
      const size = Math.max(end, this.#promised || 2 * this.#buffer.byteLength);
      const larger = new Uint8Array(size);
      larger.set(this.bytes);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#size);
    this.#size = end;
  }
}

function tooLarge(limit: number): RegistryFault {
  const message = `The document is larger than ${limit} bytes`;
  return new RegistryFault("SIZE_INVALID", { status: 413, message });
}

function tooSlow(cause: unknown): RegistryFault {
  const message = "The document did not come in time";
  return new RegistryFault("SIZE_INVALID", { status: 408, message, cause });
}

function tooMany(): RegistryFault {
  return new RegistryFault("TOOMANYREQUESTS", { status: 503, headers: { "retry-after": "1" } });
}
