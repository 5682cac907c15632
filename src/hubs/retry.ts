/**
 * Another try, where another try can succeed: after lost connections, 408, 429 and 5xx.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { isAbort, ModelOpsError } from "../core/errors.ts";
import { backoff, parseRetryAfter } from "../core/retry.ts";

/** How to try again. Times are in milliseconds. */
export interface HubRetryOptions {
  /** Tries in all; 5 when absent. */
  readonly attempts?: number;
  /** Longest wait before the second try, doubled before each further one; 500 when absent. */
  readonly firstWait?: number;
  /** Longest wait, whoever asks for it; 60 000 when absent. */
  readonly longestWait?: number;
  /** Longest time without an answer or a byte; then the connection counts as lost. 120 000 when absent. */
  readonly stallTime?: number;
}

/** Tries in all when nobody says otherwise. */
export const DEFAULT_ATTEMPTS = 5;

/** Milliseconds without a byte after which a connection counts as lost. */
export const DEFAULT_STALL_TIME = 120_000;

/** Whether an error is a fault of the network: no abort and no error of ours. */
export function isFault(error: unknown, signal: AbortSignal | undefined): boolean {
  return !(error instanceof ModelOpsError) && !signal?.aborted && !isAbort(error, signal);
}

/** What happened to a connection, without the URLs that a runtime may quote: they may be signed. */
export function faultReason(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error));
  return message.replace(/\bhttps?:\/\/\S+/g, "the server").slice(0, 300) ||
    "the connection failed";
}

/** Waits before the next try: what the server asks for, else anything up to a bound that doubles. */
export async function waitToRetry(
  failures: number,
  options: HubRetryOptions & { readonly signal?: AbortSignal },
  response?: Response,
): Promise<void> {
  const { firstWait = 500, longestWait = 60_000, signal } = options;
  const chosen = parseRetryAfter(response?.headers.get("Retry-After")) ??
    backoff(failures, { firstWait, longestWait });
  try {
    await delay(Math.min(chosen, longestWait), undefined, signal === undefined ? {} : { signal });
  } finally {
    signal?.throwIfAborted();
  }
}

/**
 * Runs `send` with a signal that also aborts when no answer comes for `stallTime` milliseconds. What is
 * read of the answer afterwards is not bound by that time.
 */
export async function answerInTime(
  options: HubRetryOptions & { readonly signal?: AbortSignal },
  send: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const late = new AbortController();
  const limit = options.stallTime ?? DEFAULT_STALL_TIME;
  const expire = () => late.abort(new Error(`no answer came in ${limit / 1000} s`));
  const timer = setTimeout(expire, limit);
  try {
    const signals = options.signal === undefined ? [] : [options.signal];
    return await send(AbortSignal.any([late.signal, ...signals]));
  } finally {
    clearTimeout(timer);
  }
}
