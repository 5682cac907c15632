/**
 * When silence means that a connection is lost.
 * @module
 */
import { TransientError } from "../retry.ts";
import { startTimer } from "../runtime/timers.ts";

/** A piece of work that is waited for. */
interface Piece {
  /** When it began, in milliseconds of `performance.now()`. */
  readonly begun: number;
  /** Ends the wait with the reason of the watch's signal. */
  readonly giveUp: () => void;
}

/**
 * Gives up on each piece of work that takes too long: first an answer, then each read of it.
 *
 * Setting a timer and clearing it took as long as all else that is done here for a read of 256 KiB,
 * so a watch that is kept leaves its timer running, which looks at when the present piece began.
 */
export class StallWatch {
  /** Aborts when a piece of work took too long, or with the reason of the operation's signal. */
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #limit: number;
  readonly #pieces = new Set<Piece>();
  readonly #giveUp = () => this.#pieces.forEach((piece) => piece.giveUp());
  #stopTimer: (() => void) | undefined;
  #isKept = false;

  /** Makes a watch that is at rest; `limit` is in milliseconds. */
  constructor(limit: number, signal?: AbortSignal) {
    this.#limit = limit;
    this.signal = signal ? AbortSignal.any([signal, this.#late.signal]) : this.#late.signal;
  }

  /** Keeps the watch ready between pieces that follow each other, until it is disposed of. */
  keep(): Disposable {
    this.#isKept = true;
    return {
      [Symbol.dispose]: () => {
        this.#isKept = false;
        this.#restIfIdle();
      },
    };
  }

  /**
   * Waits for `work`, but no longer than the limit, and not when the operation is stopped.
   * @throws {TransientError} after the limit.
   */
  during<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.signal.throwIfAborted();
      const working = work();
      // Not all that is stopped says so, and what it says is less telling than why it was stopped.
      const piece = { begun: performance.now(), giveUp: () => reject(this.signal.reason) };
      this.#begin(piece);
      const settled = <Value>(settle: (value: Value) => void) => (value: Value) => {
        this.#pieces.delete(piece);
        this.#restIfIdle();
        settle(value);
      };
      working.then(settled(resolve), settled(reject));
    });
  }

  #begin(piece: Piece): void {
    this.#pieces.add(piece);
    if (this.#stopTimer !== undefined) return;
    this.signal.addEventListener("abort", this.#giveUp);
    this.#lookIn(this.#limit);
  }

  #lookIn(milliseconds: number): void {
    this.#stopTimer = startTimer(milliseconds, () => this.#look());
  }

  /** Gives up when the oldest piece has had its time. */
  #look(): void {
    const [{ begun } = { begun: performance.now() }] = this.#pieces;
    const left = begun + this.#limit - performance.now();
    if (left > 0) this.#lookIn(left);
    else this.#late.abort(timedOut(this.#limit));
  }

  #restIfIdle(): void {
    if (this.#isKept || this.#pieces.size > 0) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.signal.removeEventListener("abort", this.#giveUp);
  }
}

/**
 * Runs `work` with a signal that aborts after `limit` milliseconds, and waits no longer than that.
 * @throws {TransientError} after the limit.
 */
export async function withTimeLimit<Result>(
  limit: number,
  work: (signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const watch = new StallWatch(limit, signal);
  return await watch.during(() => work(watch.signal));
}

/** The cause has the words by which faults of the network are recognized. */
function timedOut(limit: number): TransientError {
  return new TransientError(`no answer for ${limit / 1000} s`, { cause: new Error("timed out") });
}
