/**
 * A body that is read piece by piece, straight from its connection.
 * @module
 */
import { borrowBuffer, giveBack } from "../buffers.ts";
import { soon } from "../runtime/timers.ts";
import type { Piece, PieceReader } from "../streams.ts";
import type { ReadInto } from "./input.ts";

/** Reads that give fewer bytes are worth putting together. */
const SMALL_READ = 64 * 1024;

/** What a reader is made with. */
export interface BodyPiecesOptions {
  /** Bytes of its buffer. */
  readonly size: number;
  /** Told once whether all was read; the rest of a body that is cancelled is not. */
  readonly ended: (isWhole: boolean) => void;
  /** Makes what is thrown of what went wrong; that itself when absent. */
  readonly failure?: (error: unknown) => unknown;
}

/**
 * Fills a buffer while bytes come fast: TLS gives 16 KiB at a time, and servers send chunks of 32
 * KiB, but hashing and writing so little at once takes more of the processor than receiving it.
 *
 * One loop reads, and who wants a piece is told when there is one: a promise for each read costs as
 * much as the read.
 */
export class BodyPieces implements PieceReader {
  readonly #read: ReadInto;
  readonly #buffer: Uint8Array;
  readonly #options: BodyPiecesOptions;
  /** The bytes that wait for who wants them. */
  #start = 0;
  #end = 0;
  /** Whether a read is under way, whose bytes go behind the others. */
  #isReading = false;
  /** What comes after the last bytes. */
  #last: { readonly failure?: unknown } | undefined;
  #wanted: PromiseWithResolvers<Piece> | undefined;

  /** Makes a reader over reads of a body. */
  constructor(read: ReadInto, options: BodyPiecesOptions) {
    this.#read = read;
    this.#buffer = borrowBuffer(options.size);
    this.#options = options;
  }

  /** The next bytes: as many as come together. */
  read(): Promise<Piece> {
    this.#wanted = Promise.withResolvers();
    const { promise } = this.#wanted;
    if (!this.#isReading) this.#readOn();
    return promise;
  }

  /** Lets go of the rest. */
  cancel(): Promise<void> {
    this.#options.ended(false);
    return Promise.resolve();
  }

  /** Gives the buffer back, if nothing can come into it any more. */
  release(): void {
    if (!this.#isReading) giveBack(this.#buffer);
  }

  /** Reads until there is a piece, or nobody wants one any more. */
  async #readOn(): Promise<void> {
    this.#isReading = true;
    // The piece before is gone; what came when nobody wanted one is not.
    if (this.#start === this.#end) this.#start = this.#end = 0;
    else this.#deliverSoon();
    try {
      while (this.#wanted && !this.#last && this.#end < this.#buffer.byteLength) {
        const count = await this.#read(this.#buffer.subarray(this.#end));
        if (count === 0) {
          this.#finish(true, {});
          break;
        }
        const isFirst = this.#start === this.#end;
        this.#end += count;
        if (count >= SMALL_READ) break;
        if (isFirst) this.#deliverSoon();
      }
    } catch (error) {
      this.#finish(false, { failure: this.#options.failure?.(error) ?? error });
    }
    this.#isReading = false;
    this.#deliver();
  }

  #finish(isWhole: boolean, last: { readonly failure?: unknown }): void {
    this.#last = last;
    this.#options.ended(isWhole);
  }

  /** Gives what is there in a moment: what comes until then comes with it. */
  #deliverSoon(): void {
    const wanted = this.#wanted;
    soon().then(() => wanted === this.#wanted && this.#deliver());
  }

  /** Gives what is there to who wants it; when that is nothing, and more may come, it waits. */
  #deliver(): void {
    const wanted = this.#wanted;
    const value = this.#buffer.subarray(this.#start, this.#end);
    if (!wanted || value.byteLength === 0 && !this.#last) return;
    this.#wanted = undefined;
    this.#start = this.#end;
    if (value.byteLength > 0) wanted.resolve({ done: false, value });
    else if (this.#last && "failure" in this.#last) wanted.reject(this.#last.failure);
    else wanted.resolve({ done: true });
  }
}
