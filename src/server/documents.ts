/**
 * Answers whose whole body is known: they tell its length.
 * @module
 */

/** What stands beside the body. */
export interface DocumentInit {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with a text. */
export function textResponse(text: string, { status, headers }: DocumentInit = {}): Response {
  const bytes = new TextEncoder().encode(text);
  return new Response(bytes, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      ...headers,
      "content-length": `${bytes.byteLength}`,
    },
  });
}

/** An answer with a JSON document. */
export function jsonResponse(value: unknown, { status, headers }: DocumentInit = {}): Response {
  const type = { "content-type": "application/json" };
  return textResponse(JSON.stringify(value), { status, headers: { ...type, ...headers } });
}

/** Content never runs in a browser that somebody leads to it, or is shown within another page. */
const NOTHING_RUNS = "default-src 'none'; sandbox; frame-ancestors 'none'";

/** Adds the headers of every answer; an answer to HEAD has no body. */
export function completed({ method }: Request, response: Response): Response {
  const { headers, status } = response;
  headers.set("x-content-type-options", "nosniff");
  if (!headers.has("content-security-policy")) {
    headers.set("content-security-policy", NOTHING_RUNS);
  }
  return method === "HEAD" ? new Response(null, { status, headers }) : response;
}
