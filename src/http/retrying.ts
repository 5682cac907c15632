/**
 * Another try, where another try can succeed: after lost connections, 408, 429 and 5xx. Everything else
 * fails at once.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { TransferError } from "../core/errors.ts";
import type { Log } from "../core/operation.ts";
import { backoff, type BackoffOptions, isRetriedStatus, parseRetryAfter } from "../core/retry.ts";
import { quote } from "../core/text.ts";
import { discard } from "./bodies.ts";
import { explainFault, faultError, isFault } from "./faults.ts";
import { repeatable } from "./repeatable.ts";
import { DEFAULT_STALL_TIME } from "./stall.ts";
import type { Transport } from "./transport_options.ts";

/** How to try again. Times are in milliseconds; the longest wait is one of our own choice. */
export interface RetryOptions extends BackoffOptions {
  /** Tries in all; 5 when absent. */
  readonly attempts?: number;
  /** Longest wait that a server may ask for; 60 000 when absent. */
  readonly longestRetryAfter?: number;
  /** Longest time without an answer or a byte before a connection counts as lost; 120 000 when absent. */
  readonly stallTime?: number;
  /** Waits; the clock's own wait when absent. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Tries in all when nobody says otherwise. */
export const DEFAULT_ATTEMPTS = 5;

/**
 * A transport that tries again. Requests with large bodies are sent once: who made them knows how to go
 * on. When all tries are used up the last answer is given as it is, and the last fault is thrown.
 * @throws {TransferError} for a fault of the network, or when the server asks for too long a wait.
 */
export function retrying(
  next: Transport,
  options: RetryOptions & { readonly log?: Log } = {},
): Transport {
  const reached = new Set<string>();
  return async (request) => {
    const again = await repeatable(request);
    const attempts = again.once ? 1 : options.attempts ?? DEFAULT_ATTEMPTS;
    const { host } = new URL(request.url);
    for (let attempt = 1;; attempt++) {
      const outcome = await tryOnce(next, again.next(), options);
      const response = outcome instanceof Response ? outcome : undefined;
      if (response) reached.add(host);
      if (attempt >= attempts || !isWorthRetrying(outcome, reached.has(host))) {
        return answerOf(outcome, request.url);
      }
      if (response) await discard(response);
      const wait = pauseFor(attempt, { ...options, host, response });
      options.log?.("info", `Trying ${host} again in ${Math.ceil(wait / 1000)} s`, {
        reason: reasonOf(outcome),
      });
      await sleep(wait, options, request.signal);
    }
  };
}

interface Failed {
  readonly fault: unknown;
}

async function tryOnce(
  next: Transport,
  request: Request,
  options: RetryOptions,
): Promise<Response | Failed> {
  request.signal.throwIfAborted();
  try {
    return await answerInTime(next, request, options.stallTime ?? DEFAULT_STALL_TIME);
  } catch (fault) {
    request.signal.throwIfAborted();
    if (isFault(fault, request.signal)) return { fault };
    throw fault;
  }
}

/** Sends a request without a body and gives up on it when no answer comes in time. */
async function answerInTime(
  next: Transport,
  request: Request,
  milliseconds: number,
): Promise<Response> {
  // How long a server may work on what it was sent is not ours to say.
  if (request.body !== null) return await next(request);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("timed out")), milliseconds);
  try {
    const signal = AbortSignal.any([request.signal, late.signal]);
    return await next(new Request(request, { signal }));
  } finally {
    clearTimeout(timer);
  }
}

function answerOf(outcome: Response | Failed, url: string): Response {
  if (outcome instanceof Response) return outcome;
  throw faultError(outcome.fault, url);
}

function isWorthRetrying(outcome: Response | Failed, reachedBefore: boolean): boolean {
  if (outcome instanceof Response) return isRetriedStatus(outcome.status);
  const { kind } = explainFault(outcome.fault);
  return kind === "lost" || (kind === "unreachable" && reachedBefore);
}

function reasonOf(outcome: Response | Failed): string {
  return outcome instanceof Response
    ? `status ${outcome.status}`
    : explainFault(outcome.fault).reason;
}

/**
 * Milliseconds to wait after failure number `attempt`: what the server asks for, else our own choice.
 * @throws {TransferError} when the server asks for a longer wait than is allowed.
 */
export function pauseFor(
  attempt: number,
  options: RetryOptions & {
    /** Host that failed, for the error. */
    readonly host: string;
    /** The answer of the server, if there was one. */
    readonly response?: Response;
  },
): number {
  const { response, host, longestRetryAfter = 60_000 } = options;
  const asked = response && retryAfter(response.headers);
  if (asked === undefined) return backoff(attempt, options);
  if (asked <= longestRetryAfter) return asked;
  const seconds = Math.ceil(asked / 1000);
  const { status } = response!;
  throw new TransferError(
    `Cannot reach ${quote(host)}: it wants no request for ${seconds} s (status ${status})`,
    { registry: host, status, remedy: `run the command again in ${seconds} s` },
  );
}

/** Waits, or throws the reason of `signal` as soon as it is aborted. */
export async function sleep(
  milliseconds: number,
  options: Pick<RetryOptions, "sleep">,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const wait = options.sleep ??
    ((time, stop) => delay(time, undefined, stop ? { signal: stop } : {}));
  try {
    await wait(milliseconds, signal);
  } finally {
    signal?.throwIfAborted();
  }
}

/**
 * Milliseconds that a server asks to wait, from `Retry-After` (seconds or a date, RFC 9110 §10.2.3) or
 * the reset time `t` of an exhausted `RateLimit`.
 */
export function retryAfter(headers: Headers, now: number = Date.now()): number | undefined {
  const asked = parseRetryAfter(headers.get("Retry-After"), now);
  if (asked !== undefined) return asked;
  const limit = headers.get("RateLimit") ?? "";
  const reset = /\br=0\b/.test(limit) ? /\bt=(\d+)/.exec(limit)?.[1] : undefined;
  return reset === undefined ? undefined : Number(reset) * 1000;
}
