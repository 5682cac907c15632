/**
 * Redirects, followed by hand: another origin gets neither credentials nor anything else that
 * identifies the user.
 * @module
 */
import { askedUrl } from "./asked_url.ts";
import { AccessDeniedError, TransferError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { discard } from "./bodies.ts";
import type { Transport } from "./transport_options.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Redirects followed for one request. */
export const HOP_LIMIT = 10;

/** The letters of a URL that is followed; the longest signed ones of storage have some thousand. */
const LONGEST_LOCATION = 32 * 1024;

/** The headers that may go to another origin. */
const PORTABLE_HEADERS = ["Accept", "Accept-Encoding", "If-Range", "Range", "User-Agent"];

/**
 * A transport that follows the redirects of GET and HEAD. Redirects of other methods are answers.
 * @throws {TransferError} for a redirect that must not be followed, or more than ten of them.
 * @throws {AccessDeniedError} when another origin refuses what the first one sent there.
 */
export function redirecting(next: Transport): Transport {
  return async (request, hints) => {
    const start = askedUrl(request);
    let current = request;
    for (let hops = 0; hops <= HOP_LIMIT; hops++) {
      const response = await next(current, hints);
      const follows = request.method === "GET" || request.method === "HEAD";
      if (!follows || !REDIRECTS.has(response.status)) {
        return await checkRefusal(response, start, askedUrl(current));
      }
      await discard(response);
      const target = redirectTarget(response, start, askedUrl(current));
      hints?.onRedirect?.(target);
      current = follow(current, target);
    }
    throw tooManyHops(start);
  };
}

/** Whether an answer sends a request with its method and body elsewhere (RFC 9110 §15.4.8). */
export function keepsMethod({ status }: Response): boolean {
  return status === 307 || status === 308;
}

/** The error for a circle, or what comes close to one. */
export function tooManyHops(start: URL): TransferError {
  return refused(start, `it redirects more than ${HOP_LIMIT} times`);
}

/** A transport that uses `home` for one origin and `away` for all others. */
export function perOrigin(origin: string, home: Transport, away: Transport): Transport {
  return (request, hints) => (askedUrl(request).origin === origin ? home : away)(request, hints);
}

/**
 * The URL that a server's `Location` names, checked; whether it may lead inside is the business of
 * whoever sends the request there.
 * @throws {TransferError} when it is no HTTP URL, or gives up TLS.
 */
export function checkedLocation(text: string | null, start: URL, current: URL): URL {
  if (text && text.length > LONGEST_LOCATION) {
    throw refused(start, `it points to a URL of ${text.length} letters`);
  }
  // An empty one is a missing one: where the answer came from is no place to go on.
  const target = text ? URL.parse(text, current) : null;
  if (!target) throw refused(start, "it does not say where to go on");
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw refused(start, `it points to a URL of scheme ${quote(target.protocol)}`);
  }
  if (target.username !== "" || target.password !== "") {
    throw refused(start, "it points to a URL with a user name");
  }
  if (current.protocol === "https:" && target.protocol === "http:") {
    throw refused(start, `it points to ${target.host} without TLS`);
  }
  target.hash = "";
  return target;
}

/** The URL that a redirect names, checked as {@linkcode checkedLocation} does. */
export function redirectTarget(response: Response, start: URL, current: URL): URL {
  return checkedLocation(response.headers.get("Location"), start, current);
}

function follow(request: Request, target: URL): Request {
  if (target.origin === askedUrl(request).origin) return new Request(target, request);
  const headers = new Headers();
  for (const name of PORTABLE_HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Request(target, { method: request.method, headers, signal: request.signal });
}

/**
 * Another origin's 401 or 403 must not look like the registry's: nobody may answer it with a token.
 */
export async function checkRefusal(response: Response, start: URL, last: URL): Promise<Response> {
  const denied = response.status === 401 || response.status === 403;
  if (!denied || last.origin === start.origin) return response;
  await discard(response);
  throw new AccessDeniedError(
    `Cannot read from ${
      quote(last.host)
    }: it answered ${response.status} to what ${start.host} sent there`,
    // No status: a login at the first one changes nothing of it.
    { registry: start.host, remedy: "run the command again: what it goes there with may run out" },
  );
}

function refused(start: URL, reason: string): TransferError {
  return new TransferError(`Cannot follow ${quote(start.host)}: ${reason}`, {
    registry: start.host,
  });
}
