/**
 * Bodies that are read into memory: documents. What they take of it is bounded, however many come
 * at once, and however slowly.
 * @module
 */
import { borrowBuffer, giveBack } from "../../core/buffers.ts";
import { TransientError } from "../../core/retry.ts";
import { Room } from "./room.ts";
import { collectGarbage } from "../../core/runtime/garbage.ts";
import { withTimeLimit } from "../../core/waiting/time_limit.ts";
import { pLimit } from "../../deps/p-limit.ts";
import { contentLength, incoming } from "./body.ts";
import { RegistryFault } from "../fault.ts";

/** Documents up to this size, in bytes, are read without further ado: most are. */
const SMALL = 16 * 1024;

/** Bytes of larger ones that are in memory at once: four of the largest, or many of the usual. */
const LARGE_BYTES = 16 * 1024 * 1024;

/** Parsed, a document above this size takes many times as much: they are used one by one. */
const HUGE = 256 * 1024;

/** Larger ones that wait for others to be done with. */
const LARGE_WAITING = 64;

/** Milliseconds in which a larger one has to come when it is its turn. */
const LARGE_TIME = 60_000;

const room = new Room(LARGE_BYTES);
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
  const document = new Document(
    incoming(request, stop.signal, Math.min(SMALL, promised || SMALL)),
    promised,
  );
  try {
    if (await document.read(Math.min(SMALL, limit))) return await use(document.bytes);
    if (SMALL >= limit) throw tooLarge(limit);
    if (room.waiting >= LARGE_WAITING) throw tooMany();
    return await room.with(promised || limit, async () => {
      document.promised = promised;
      const isWhole = await withTimeLimit(LARGE_TIME, () => document.read(limit));
      if (!isWhole) throw tooLarge(limit);
      const { bytes } = document;
      if (bytes.byteLength <= HUGE) return await use(bytes);
      return await hugeOnes(async () => {
        try {
          return await use(bytes);
        } finally {
          collectGarbage();
        }
      });
    });
  } catch (error) {
    stop.abort(error);
    throw error instanceof TransientError ? tooSlow(error) : error;
  } finally {
    document.release();
  }
}

/** A document on its way into memory. */
class Document {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Uint8Array<ArrayBuffer>;
  #size = 0;
  /** The size that it will have, where that is known and there is room for it; else 0. */
  promised = 0;

  /** Makes a document of chunks, which will have so many bytes; 0 where nobody knows. */
  constructor(chunks: AsyncIterator<Uint8Array>, size: number) {
    this.#chunks = chunks;
    // Thousands that come at once wait for each other here.
    this.#buffer = borrowBuffer(Math.min(size || 2 * SMALL, 2 * SMALL));
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

  /** Gives its memory back: nobody has its bytes any more. A chunk that still comes is lost. */
  release(): void {
    giveBack(this.#buffer);
    this.#buffer = new Uint8Array();
    this.#size = 0;
  }

  /** Chunks may be of one byte: kept one by one they would take hundreds of times their size. */
  #add(chunk: Uint8Array): void {
    const end = this.#size + chunk.byteLength;
    if (end > this.#buffer.byteLength) {
      const larger = borrowBuffer(Math.max(end, this.promised || 2 * this.#buffer.byteLength));
      larger.set(this.bytes);
      giveBack(this.#buffer);
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
