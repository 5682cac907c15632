/**
 * Another try, where another try can succeed: after lost connections, silence, 408, 429 and 5xx.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../core/operation.ts";
import { backoff } from "../core/retry.ts";

/** How long to wait and how often to try. */
export interface Patience {
  /** Tries after the first. */
  readonly retries: number;
  /** Milliseconds without an answer or a byte after which a connection counts as lost. */
  readonly stallTime: number;
  /** Longest wait before the second try, in milliseconds, doubled before each further one. */
  readonly firstWait: number;
}

/** What of an operation a try needs. */
export interface TryOptions {
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

const LONGEST_RETRY_AFTER = 60_000;

/** Another try may succeed where this failed. */
export class Fault extends Error {
  /** Milliseconds that the server asks to wait. */
  readonly wait: number | undefined;

  /** Makes a fault from what happened, as a clause without secrets. */
  constructor(reason: string, wait?: number) {
    super(reason);
    this.wait = wait;
  }
}

/**
 * Runs `work` until it ends with anything but a {@linkcode Fault}, or the tries are used up.
 * @throws the last fault.
 */
export async function retried<Result>(
  work: () => Promise<Result>,
  patience: Patience,
  options: TryOptions = {},
): Promise<Result> {
  for (let failures = 1;; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await waitAfter(error, failures, { ...options, patience });
    }
  }
}

/** Waits before the next try after `failures` in a row, or throws the fault when there is no next try. */
export async function waitAfter(
  fault: Fault,
  failures: number,
  options: TryOptions & { readonly patience: Patience },
): Promise<void> {
  const { patience, signal, log } = options;
  const wait = fault.wait ?? backoff(failures, patience);
  if (failures > patience.retries || wait > LONGEST_RETRY_AFTER) throw fault;
  log?.("info", `Trying the object store again in ${Math.ceil(wait / 1000)} s: ${fault.message}`);
  try {
    await delay(wait, undefined, signal ? { signal } : {});
  } finally {
    signal?.throwIfAborted();
  }
}

/** A signal that aborts when an answer is too long in coming, or when the operation is stopped. */
export class StallWatch {
  /** Aborts with a {@linkcode Fault} after silence, or with the reason of the operation's signal. */
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #limit: number;

  /** Makes a watch that is at rest; `limit` is in milliseconds. */
  constructor(limit: number, signal: AbortSignal | undefined) {
    this.#limit = limit;
    this.signal = signal ? AbortSignal.any([signal, this.#late.signal]) : this.#late.signal;
  }

  /** Waits for `work`, but no longer than the limit, and not when the operation is stopped. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const stop = () => reject(this.signal.reason);
    this.signal.addEventListener("abort", stop);
    const fault = new Fault(`no answer for ${this.#limit / 1000} s`);
    const timer = setTimeout(() => this.#late.abort(fault), this.#limit);
    try {
      // Not all that is stopped says so, and what it says is less telling than why it was stopped.
      return await Promise.race([stopped, work()]);
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener("abort", stop);
    }
  }
}
