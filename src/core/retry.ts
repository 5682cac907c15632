/**
 * Another try, where another try can succeed. Every client of a server waits and tries by this
 * policy.
 * @module
 */
import { EarnedTime, Lateness } from "./waiting/earned_time.ts";
import { nodeTimers } from "./runtime/builtins.ts";

/** There is to be another try. */
export interface Retry {
  /** What is tried again: a digest, else a host or a path. */
  readonly what: string;
  /** Which try it will be, counted from 1. */
  readonly attempt: number;
  /** Tries in all. */
  readonly attempts: number;
  /** Why, as a clause without secrets. */
  readonly reason: string;
  /** Milliseconds until then. */
  readonly wait: number;
}

/** How to try again. Times are in milliseconds; `DEFAULT_RETRY` holds for what is absent. */
export interface RetryPolicy {
  /** Tries in all. */
  readonly attempts?: number;
  /** Longest wait before the second try, doubled before each further one. */
  readonly firstWait?: number;
  /** Longest wait of our own choice. */
  readonly longestWait?: number;
  /** Longest wait that a server may ask for. */
  readonly longestRetryAfter?: number;
  /** Longest time without an answer or a byte; then the connection counts as lost. */
  readonly stallTime?: number;
  /** How late the server was by now, where all that it is asked for is looked at together. */
  readonly lateness?: Lateness;
  /** Told of each further try before the wait for it. It must not throw. */
  readonly onRetry?: (retry: Retry) => void;
  /** Waits. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** A number from 0 up to 1, by which waits are spread. */
  readonly random?: () => number;
}

/** What holds where a policy says nothing. */
export const DEFAULT_RETRY: Required<RetryPolicy> = {
  attempts: 5,
  firstWait: 500,
  longestWait: 30_000,
  longestRetryAfter: 60_000,
  stallTime: 120_000,
  lateness: new Lateness({ attempts: Infinity, stallTime: Infinity }),
  onRetry: () => {},
  sleep: (milliseconds, signal) => nodeTimers().setTimeout(milliseconds, undefined, { signal }),
  random: Math.random,
};

/** A policy with the defaults for what it does not say. */
export function completePolicy(policy: RetryPolicy = {}): Required<RetryPolicy> {
  const said = Object.entries(policy).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_RETRY, ...Object.fromEntries(said) };
}

/** The time of what takes many requests, or many reads: as many silences as there are tries. */
export function timeInAll(policy: RetryPolicy): EarnedTime {
  const { attempts, stallTime } = completePolicy(policy);
  return new EarnedTime(attempts * stallTime);
}

/** A policy for one server: however much it is asked for, there is an end to its being late. */
export function forOneServer(policy: RetryPolicy = {}): RetryPolicy {
  return { ...policy, lateness: new Lateness(completePolicy(policy)) };
}

/** Another try may succeed where this failed. The message is a clause without secrets. */
export class TransientError extends Error {
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(
    reason: string,
    options: { readonly retryAfter?: number; readonly cause?: unknown } = {},
  ) {
    super(reason, { cause: options.cause });
    this.retryAfter = options.retryAfter;
  }
}

/** How {@linkcode retried} works. */
export interface RetryOptions {
  /** What is tried: a digest, else a host or a path. */
  readonly what: string;
  /** How often to try, and how long to wait. */
  readonly policy?: RetryPolicy;
  readonly signal?: AbortSignal;
  /** Told why there is another try, and after how many milliseconds. */
  readonly onRetry?: (error: TransientError, wait: number) => void;
}

/**
 * Runs `work` until it ends with anything but a {@linkcode TransientError}, or the tries are used
 * up, or the server asks for too long a wait. `work` is told whether it is the last try.
 * @throws the last error.
 */
export async function retried<Result>(
  work: (isLast: boolean) => Promise<Result>,
  { what, signal, onRetry, ...options }: RetryOptions,
): Promise<Result> {
  const policy = completePolicy(options.policy);
  for (let failures = 1;; failures++) {
    signal?.throwIfAborted();
    try {
      return await work(failures >= policy.attempts);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      const wait = waitAfter(failures, error.retryAfter, policy);
      if (failures >= policy.attempts || wait > policy.longestRetryAfter) throw error;
      onRetry?.(error, wait);
      const { attempts } = policy;
      policy.onRetry({ what, attempt: failures + 1, attempts, reason: error.message, wait });
      await pause(wait, policy, signal);
    }
  }
}

/**
 * Milliseconds to wait after so many failures in a row: as long as the server asks for, else a
 * while of our own choice, which is our first wait at least where it asks for next to none.
 */
export function waitAfter(
  failures: number,
  asked: number | undefined,
  policy: RetryPolicy = {},
): number {
  const own = backoff(failures, policy);
  if (asked === undefined) return own;
  const { firstWait } = completePolicy(policy);
  return asked < firstWait ? Math.max(firstWait, own) : asked;
}

/**
 * Milliseconds to wait after so many failures in a row: anything up to a bound that doubles, so
 * that clients that failed together do not come back together.
 */
export function backoff(failures: number, policy: RetryPolicy = {}): number {
  const { firstWait, longestWait, random } = completePolicy(policy);
  return random() * Math.min(longestWait, firstWait * 2 ** (failures - 1));
}

/** Waits, or throws the reason of `signal` as soon as it is aborted. */
export async function pause(
  milliseconds: number,
  policy: RetryPolicy = {},
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  try {
    await completePolicy(policy).sleep(milliseconds, signal);
  } finally {
    signal?.throwIfAborted();
  }
}

/** Whether an answer with this HTTP status may be followed by a better one. */
export function isRetriedStatus(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status);
}

/** The forms of a date in HTTP (RFC 9110 §5.6.7), and RFC 3339. Other text may hold numbers too. */
const DATE = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |\d{4}-\d\d-\d\dT)/;

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date (RFC 9110 §10.2.3);
 * `undefined` when it asks for nothing that can be understood. Some servers write parts of seconds.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  now: number = Date.now(),
): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+(?:\.\d*)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const date = DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
