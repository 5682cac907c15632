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
