/**
 * Another try of a request, where another try can succeed: after lost connections, 408, 429 and
 * 5xx. Everything else fails at once.
 * @module
 */
import { askedUrl } from "./asked_url.ts";
import { isDigest } from "../core/digest.ts";
import { decodeUrlPart, quote } from "../core/text.ts";
import { TransferError } from "../core/errors.ts";
import type { Log } from "../core/operation.ts";
import {
  completePolicy,
  isRetriedStatus,
  parseRetryAfter,
  retried,
  type RetryPolicy,
  TransientError,
} from "../core/retry.ts";
import { withTimeLimit } from "../core/waiting/time_limit.ts";
import { discard, inMemory } from "./bodies.ts";
import { explainFault, faultError, isFault } from "./faults.ts";
import { repeatable } from "./repeatable.ts";
import type { AnswerHints, Transport } from "./transport_options.ts";

/**
 * A transport that tries again. Requests with large bodies are sent once: who made them knows how
 * to go on. When all tries are used up the last answer is given as it is, and the last fault is
 * thrown.
 * @throws {TransferError} for a fault of the network, or when the server asks for too long a wait.
 */
export function retrying(
  next: Transport,
  options: RetryPolicy & { readonly log?: Log } = {},
): Transport {
  const policy = completePolicy(options);
  const reached = new Set<string>();
  const send = async (
    request: Request,
    { host, isLast, hints }: { host: string; isLast: boolean; hints?: AnswerHints },
  ) => {
    const tooLate = policy.lateness.tooMuch();
    if (tooLate !== undefined) {
      throw new TransferError(`Cannot read from ${quote(host)}: ${tooLate}`, { registry: host });
    }
    const begun = performance.now();
    let bytes = 0;
    const { signal, body } = request;
    const { stallTime } = policy;
    let { url } = request;
    const onRedirect = (target: Readonly<URL>) => void (url = target.href);
    try {
      const following = { stallTime, hints: { ...hints, onRedirect } };
      const response = await answerInTime(next, request, following);
      reached.add(host);
      if (!response.ok || hints?.bodyLimit === undefined) return response;
      const whole = await inMemory(response, { url, signal, stallTime }, hints.bodyLimit);
      bytes = whole.size;
      return whole.response;
    } catch (error) {
      request.signal.throwIfAborted();
      if (!isFault(error, request.signal)) throw error;
      const { kind, reason } = explainFault(error);
      const mayPass = kind === "lost" || (kind === "unreachable" && reached.has(host));
      if (mayPass && !isLast) throw new TransientError(reason);
      // Who redirected has answered, and is not who is silent.
      throw faultError(error, url, url !== request.url || reached.size > 0);
    } finally {
      // How long a server may work on what it was sent is not ours to say.
      if (body === null) policy.lateness.note(begun, bytes);
    }
  };
  return async (request, hints) => {
    const again = hints?.once ? { once: true, next: () => request } : await repeatable(request);
    const { host } = askedUrl(request);
    const exchange = async (isLast: boolean) => {
      const response = await send(again.next(), { host, isLast, hints });
      if (isLast || !isRetriedStatus(response.status)) return response;
      await discard(response);
      const asked = allowedRetryAfter(response, { policy, host });
      throw new TransientError(`status ${response.status}`, { retryAfter: asked });
    };
    return await retried(exchange, {
      what: subjectOf(request),
      policy: again.once ? { ...policy, attempts: 1 } : policy,
      signal: request.signal,
      onRetry: ({ message: reason }, wait) =>
        options.log?.("info", `Trying ${host} again in ${Math.ceil(wait / 1000)} s`, { reason }),
    });
  };
}

/** A day, in milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** What a request is about: the blob or manifest that its path ends with, else its host. */
function subjectOf(request: Request): string {
  const { pathname, host } = askedUrl(request);
  const name = decodeUrlPart(pathname.slice(pathname.lastIndexOf("/") + 1));
  return isDigest(name) ? name : host;
}

/** Sends a request without a body and gives up on it when no answer comes in time. */
async function answerInTime(
  next: Transport,
  request: Request,
  { stallTime, hints }: { readonly stallTime: number; readonly hints?: AnswerHints },
): Promise<Response> {
  // How long a server may work on what it was sent is not ours to say.
  if (request.body !== null) return await next(request, hints);
  const send = (signal: AbortSignal) => next(new Request(request, { signal }), hints);
  return await withTimeLimit(stallTime, send, request.signal);
}

/**
 * Milliseconds that the answer of a server asks to wait, if it does.
 * @throws {TransferError} when that is longer than is allowed.
 */
export function allowedRetryAfter(
  { headers, status }: Response,
  { policy, host }: { readonly policy: RetryPolicy; readonly host: string },
): number | undefined {
  const wait = retryAfter(headers);
  if (wait === undefined || wait <= completePolicy(policy).longestRetryAfter) return wait;
  // A date of another century is a mistake: nobody is told to wait for it.
  const seconds = wait > DAY ? undefined : Math.ceil(wait / 1000);
  const time = seconds === undefined ? "more than a day" : `${seconds} s`;
  throw new TransferError(
    `Cannot reach ${quote(host)}: it wants no request for ${time} (status ${status})`,
    {
      registry: host,
      status,
      remedy: seconds === undefined ? undefined : `run the command again in ${time}`,
    },
  );
}

/**
 * Milliseconds that a server asks to wait, from `Retry-After` (seconds or a date, RFC 9110 §10.2.3)
 * or the reset time `t` of an exhausted `RateLimit`; nothing where it asks in words that nobody
 * understands.
 */
export function retryAfter(headers: Headers, now: number = Date.now()): number | undefined {
  const asked = parseRetryAfter(headers.get("Retry-After"), now);
  if (asked !== undefined) return asked;
  const limit = headers.get("RateLimit") ?? "";
  const reset = /\br=0\b/.test(limit) ? /\bt=(\d+)/.exec(limit)?.[1] : undefined;
  if (reset !== undefined) return Number(reset) * 1000;
  return headers.get("Retry-After")?.trim() ? 0 : undefined;
}
