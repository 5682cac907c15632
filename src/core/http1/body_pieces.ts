/**
 * A body that is read piece by piece, straight from its connection.
 * @module
 */
import { borrowBuffer, giveBack } from "../buffers.ts";
import type { PieceReader } from "../streams.ts";
import { soon } from "../time_limit.ts";
import type { ReadInto } from "./input.ts";

/** Reads that give fewer bytes are worth putting together. */
const SMALL_READ = 64 * 1024;

/**
 * Fills a buffer while bytes come fast: TLS gives 16 KiB at a time, and servers send chunks of 32
 * KiB, but hashing and writing so little at once takes more of the processor than receiving it.
 */
export class BodyPieces implements PieceReader {
  readonly #read: ReadInto;
  readonly #buffer: Uint8Array;
  readonly #cancel: () => void;
  /** Whether a read may still put bytes into the buffer; there is one at a time. */
  #isReading = false;
  /** A read that was not waited for, and where in the buffer it puts its bytes. */
  #ahead: { readonly at: number; readonly count: Promise<number> } | undefined;

  /** Makes a reader with a buffer of `size` bytes; `cancel` is told that the rest is not wanted. */
  constructor(read: ReadInto, { size, cancel }: { size: number; cancel: () => void }) {
    this.#read = read;
    this.#buffer = borrowBuffer(size);
    this.#cancel = cancel;
  }

  /** The next bytes: as many as come together. */
  async read(): Promise<{ done: boolean; value?: Uint8Array }> {
    const { at, count } = this.#ahead ?? { at: 0, count: this.#readAt(0) };
    this.#ahead = undefined;
    let end = at;
    try {
      end += await count;
    } finally {
      this.#isReading = false;
    }
    if (end === at) return { done: true };
    if (end - at >= SMALL_READ) return { done: false, value: this.#buffer.subarray(at, end) };
    const patience = new Patience();
    while (end < this.#buffer.byteLength) {
      const next = this.#readAt(end);
      const more = await patience.resultOf(next, () => this.#isReading = false);
      // What takes its time, is the end, or fails, is left to the next read.
      if (more === 0) {
        this.#ahead = { at: end, count: next };
        break;
      }
      end += more;
    }
    return { done: false, value: this.#buffer.subarray(at, end) };
  }

  /** Lets go of the rest. */
  cancel(): Promise<void> {
    this.#cancel();
    return Promise.resolve();
  }

  /** Gives the buffer back, if nothing can come into it any more. */
  release(): void {
    if (!this.#isReading) giveBack(this.#buffer);
  }

  #readAt(at: number): Promise<number> {
    this.#isReading = true;
    return this.#read(this.#buffer.subarray(at));
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

  /**
   * The count of a read; 0 when it takes too long, or fails. `settled` is called with the end of
   * the read, however late. A race would cost twice as much.
   */
  resultOf(count: Promise<number>, settled: () => void): Promise<number> {
    return new Promise((resolve) => {
      const giveUp = () => resolve(0);
      this.#giveUp = giveUp;
      count.then((count) => {
        settled();
        resolve(count);
      }, () => {
        settled();
        giveUp();
      });
      if (this.#isOver) giveUp();
    });
  }
}
