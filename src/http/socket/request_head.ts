/**
 * The head of a request as bytes, and how its body is framed.
 * @module
 */
import { latin1Bytes } from "../../core/http1/latin1.ts";
import { askedUrl } from "../asked_url.ts";
import { proxyFields } from "../proxies.ts";

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

/**
 * The head of a request; `Headers` and `URL` let nothing pass that could end a line. A proxy that
 * passes it on is told the whole URL (RFC 9112 §3.2.2), and who asks.
 */
export function requestHead(request: Request, relay?: URL): Uint8Array {
  const { method, headers, body } = request;
  const { origin, host, pathname, search } = askedUrl(request);
  const place = relay === undefined ? "" : origin;
  const lines = [`${method} ${place}${pathname}${search} HTTP/1.1`, `host: ${host}`];
  if (relay !== undefined) lines.push(...fieldLines(proxyFields(relay)));
  for (const [name, value] of headers) if (!OWN.has(name)) lines.push(`${name}: ${value}`);
  if (sentLength(request) === "chunked") lines.push("transfer-encoding: chunked");
  const needsLength = body === null && method !== "GET" && method !== "HEAD";
  if (needsLength && !headers.has("Content-Length")) lines.push("content-length: 0");
  return latin1Bytes(`${lines.join("\r\n")}\r\n\r\n`);
}

/**
 * The head of a request to a proxy, to be connected to the host of a URL.
 * See RFC 9110 §9.3.6
 */
export function tunnelHead({ hostname, port }: Readonly<URL>, proxy: URL): Uint8Array {
  const place = `${hostname}:${port || "443"}`;
  const lines = [`CONNECT ${place} HTTP/1.1`, `host: ${place}`, ...fieldLines(proxyFields(proxy))];
  return latin1Bytes(`${lines.join("\r\n")}\r\n\r\n`);
}

function fieldLines(fields: Readonly<Record<string, string>>): string[] {
  return Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
}
