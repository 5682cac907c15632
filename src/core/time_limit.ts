/**
 * When silence means that a connection is lost.
 * @module
 */
import { TransientError } from "./retry.ts";

/** Gives up on each piece of work that takes too long: first an answer, then each read of it. */
export class StallWatch {
  /** Aborts when a piece of work took too long, or with the reason of the operation's signal. */
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #limit: number;

  /** Makes a watch that is at rest; `limit` is in milliseconds. */
  constructor(limit: number, signal?: AbortSignal) {
    this.#limit = limit;
    this.signal = signal ? AbortSignal.any([signal, this.#late.signal]) : this.#late.signal;
  }

  /**
   * Waits for `work`, but no longer than the limit, and not when the operation is stopped.
   * @throws {TransientError} after the limit.
   */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const stop = () => reject(this.signal.reason);
    this.signal.addEventListener("abort", stop);
    const timer = setTimeout(() => this.#late.abort(timedOut(this.#limit)), this.#limit);
    try {
      // Not all that is stopped says so, and what it says is less telling than why it was stopped.
      return await Promise.race([stopped, work()]);
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener("abort", stop);
    }
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

/** A millisecond: what comes within it came at once. */
export function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** The cause has the words by which faults of the network are recognized. */
function timedOut(limit: number): TransientError {
  return new TransientError(`no answer for ${limit / 1000} s`, { cause: new Error("timed out") });
}
