/**
 * The head of a request: its first line and its fields.
 *
 * It is read strictly. Whatever two programs could read in two ways is refused, because a proxy in
 * front would then have let pass another request than the one that is answered (RFC 9112 §11).
 * See RFC 9112 §3, §5 and §6, and RFC 9110 §7.2
 * @module
 */
import { BadMessage } from "../../core/http1/bad_message.ts";
import { bodyLength, keepsAlive, parseFields, TOKEN } from "../../core/http1/fields.ts";

/** A request before its body. */
export interface RequestHead {
  readonly method: string;
  /** Path and query exactly as they were sent. */
  readonly target: string;
  /** The host that the client asks, with its port where it names one. */
  readonly host: string;
  readonly headers: Headers;
  /** Bytes of the body, or `"chunked"` when its end marks itself. */
  readonly length: number | "chunked";
  /** Whether the client may send another request when this one is answered. */
  readonly keepAlive: boolean;
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** Whether the client understands an answer in chunks: HTTP/1.1 and later. */
  readonly takesChunks: boolean;
}

const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e]+) HTTP/(\\d)\\.(\\d)$`);
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i;

/**
 * Methods that turn a connection into something else, or show what a proxy has added; and those in
 * small letters, which are others than the known ones (RFC 9110 §9.1), though `Request` takes `get`
 * for `GET`.
 */
const REFUSED_METHODS = /^(?:CONNECT|TRACE|TRACK)$|[a-z]/;

/**
 * Reads a head: its text without the empty line at its end, one character a byte.
 * @throws {BadMessage} when it is malformed, ambiguous, or asks for what is not spoken here.
 */
export function parseHead(text: string): RequestHead {
  const [first = "", ...lines] = text.split("\r\n");
  const { method, target: sent, minor } = parseRequestLine(first);
  const headers = parseFields(lines, SINGLE);
  const absolute = ABSOLUTE.exec(sent);
  const target = absolute ? absolute[2] || "/" : sent;
  if (!target.startsWith("/") || target.includes("#")) {
    throw new BadMessage(400, "The request line does not name a path");
  }
  const sentHost = headers.get("host") ?? "";
  const host = absolute?.[1] ?? sentHost;
  // Some that look like names are none: numbers that are no address, or punycode of nothing.
  if (!HOST.test(host) || !HOST.test(sentHost) || !URL.canParse(`http://${host}`)) {
    throw new BadMessage(400, "Host must be a name, and perhaps a port");
  }
  return {
    method,
    target,
    host,
    headers,
    length: bodyLength(headers, minor) ?? 0,
    keepAlive: keepsAlive(headers, minor),
    expectsContinue: minor > 0 && expectation(headers),
    takesChunks: minor > 0,
  };
}

function parseRequestLine(line: string): { method: string; target: string; minor: number } {
  const [, method, target, major, minor] = REQUEST_LINE.exec(line) ?? [];
  if (method === undefined || target === undefined) {
    throw new BadMessage(400, "The request line is malformed");
  }
  if (major !== "1") throw new BadMessage(505, "Only HTTP/1.1 is spoken here");
  if (REFUSED_METHODS.test(method)) {
    throw new BadMessage(501, "The method is not supported");
  }
  return { method, target, minor: Number(minor) };
}

/** Fields of which a second one would make the request ambiguous. */
const SINGLE: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-range",
  "content-type",
  "host",
  "origin",
  "range",
  "transfer-encoding",
]);

function expectation(headers: Headers): boolean {
  const expect = headers.get("expect");
  if (expect === null) return false;
  if (expect.toLowerCase() === "100-continue") return true;
  throw new BadMessage(417, "Only 100-continue can be expected");
}
