/**
 * The head of a request as bytes, and how its body is framed.
 * @module
 */
import { latin1Bytes } from "../../core/http1/latin1.ts";
import { askedUrl } from "../asked_url.ts";

/** Bytes of the body as its fields say, or chunks where they say nothing. */
export type SentLength = number | "chunked";

/** The fields that belong to the connection, which the sender writes itself. */
const OWN: ReadonlySet<string> = new Set(["connection", "host", "transfer-encoding"]);

/** How the body of a request is sent. */
export function sentLength({ body, headers }: Request): SentLength {
  if (body === null) return 0;
  const told = headers.get("Content-Length");
  return told === null ? "chunked" : Number(told);
}

/** The head of a request; `Headers` and `URL` let nothing pass that could end a line. */
export function requestHead(request: Request): Uint8Array {
  const { method, headers, body } = request;
  const { host, pathname, search } = askedUrl(request);
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `host: ${host}`];
  for (const [name, value] of headers) if (!OWN.has(name)) lines.push(`${name}: ${value}`);
  if (sentLength(request) === "chunked") lines.push("transfer-encoding: chunked");
  const needsLength = body === null && method !== "GET" && method !== "HEAD";
  if (needsLength && !headers.has("Content-Length")) lines.push("content-length: 0");
  return latin1Bytes(`${lines.join("\r\n")}\r\n\r\n`);
}
