/**
 * Requests that can be sent more than once.
 * @module
 */

/** Bodies up to this size are kept in memory to be sent again: every document fits. */
const BODY_LIMIT = 4 * 1024 * 1024;

/** A request to be sent once or several times. */
export interface Repeatable {
  /** Whether it can be sent only once, because its body is a large stream. */
  readonly once: boolean;
  /** The request for the next sending. */
  next(): Request;
}

/** Makes a request repeatable where its body is absent or small; `request` itself is used up. */
export async function repeatable(request: Request): Promise<Repeatable> {
  if (request.body === null) return { once: false, next: () => new Request(request) };
  const length = request.headers.get("Content-Length");
  if (length === null || Number(length) > BODY_LIMIT) return { once: true, next: () => request };
  const body = new Uint8Array(await request.arrayBuffer());
  const { url, method, headers, signal } = request;
  return { once: false, next: () => new Request(url, { method, headers, body, signal }) };
}
