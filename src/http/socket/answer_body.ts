/**
 * The body of an answer: a stream, and for who reads it in pieces, straight from the connection.
 * @module
 */
import type { ReadInto } from "../../core/http1/input.ts";
import { offerPieces, type PieceReader } from "../../core/streams.ts";
import { soon } from "../../core/time_limit.ts";

/** Memory for reading where the reader brings none. */
const PIECE = 64 * 1024;

/**
 * Makes the stream of a body. `ended` is told once whether all of it was read; what is left of one
 * that is cancelled is not read.
 */
export function answerBody(
  read: ReadInto,
  ended: (isWhole: boolean) => void,
): ReadableStream<Uint8Array> {
  let isOver = false;
  const end = (isWhole: boolean) => {
    if (!isOver) ended(isWhole);
    isOver = true;
  };
  const next: ReadInto = async (into) => {
    try {
      const count = await read(into);
      if (count === 0) end(true);
      return count;
    } catch (error) {
      end(false);
      throw error;
    }
  };
  const stream: ReadableStream<Uint8Array> = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: PIECE,
    async pull(controller) {
      const request = controller.byobRequest;
      const count = await next(request?.view as Uint8Array);
      if (count === 0) controller.close();
      request?.respond(count);
    },
    cancel: () => end(false),
  });
  offerPieces(stream, (size) => new BodyPieces(next, { size, cancel: () => end(false) }));
  return stream;
}

/** Reads that give fewer bytes are worth putting together. */
const SMALL_READ = 64 * 1024;

/**
 * Fills a buffer while bytes come fast: TLS gives 16 KiB at a time, and servers send chunks of 32
 * KiB, but hashing and writing so little at once takes more of the processor than receiving it.
 */
class BodyPieces implements PieceReader {
  readonly #read: ReadInto;
  readonly #buffer: Uint8Array;
  readonly #cancel: () => void;
  /** A read that was not waited for, and where in the buffer it puts its bytes. */
  #ahead: { readonly at: number; readonly count: Promise<number> } | undefined;

  constructor(read: ReadInto, { size, cancel }: { size: number; cancel: () => void }) {
    this.#read = read;
    this.#buffer = new Uint8Array(size);
    this.#cancel = cancel;
  }

  async read(): Promise<{ done: boolean; value?: Uint8Array }> {
    const { at, count } = this.#ahead ?? this.#readAt(0);
    this.#ahead = undefined;
    const first = await count;
    if (first === 0) return { done: true };
    let end = at + first;
    if (first >= SMALL_READ) return { done: false, value: this.#buffer.subarray(at, end) };
    const patience = new Patience();
    while (end < this.#buffer.byteLength) {
      const next = this.#readAt(end);
      const more = await patience.resultOf(next.count);
      // What takes its time, is the end, or fails, is left to the next read.
      if (more === 0) {
        this.#ahead = next;
        break;
      }
      end += more;
    }
    return { done: false, value: this.#buffer.subarray(at, end) };
  }

  cancel(): Promise<void> {
    this.#cancel();
    return Promise.resolve();
  }

  #readAt(at: number): { readonly at: number; readonly count: Promise<number> } {
    return { at, count: this.#read(this.#buffer.subarray(at)) };
  }
}

/** Waits for reads for a moment in all. */
class Patience {
  #isOver = false;
  #giveUp: (() => void) | undefined;

  constructor() {
    soon().then(() => {
      this.#isOver = true;
      this.#giveUp?.();
    });
  }

  /** The count of a read; 0 when it takes too long, or fails. A race would cost twice as much. */
  resultOf(count: Promise<number>): Promise<number> {
    return new Promise((resolve) => {
      const giveUp = () => resolve(0);
      this.#giveUp = giveUp;
      count.then(resolve, giveUp);
      if (this.#isOver) giveUp();
    });
  }
}
