/**
 * The head of a request: its first line and its fields.
 *
 * It is read strictly. Whatever two programs could read in two ways is refused, because a proxy in
 * front would then have let pass another request than the one that is answered (RFC 9112 §11).
 * See RFC 9112 §3, §5 and §6, and RFC 9110 §7.2
 * @module
 */

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

/** A request that is not answered by the handler, but at once with a status. */
export class BadRequest extends Error {
  /** HTTP status of the answer. */
  readonly status: number;

  /** Makes the refusal; the message is for the client. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
    this.name = "BadRequest";
  }
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e]+) HTTP/(\\d)\\.(\\d)$`);
const FIELD = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`);
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i;

/** The most fields of a request; those of registries' clients have about ten. */
const FIELD_LIMIT = 100;

/** Methods that turn a connection into something else, or show what a proxy has added. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Reads a head: its text without the empty line at its end, one character a byte.
 * @throws {BadRequest} when it is malformed, ambiguous, or asks for what is not spoken here.
 */
export function parseHead(text: string): RequestHead {
  const [first = "", ...lines] = text.split("\r\n");
  const { method, target: sent, minor } = parseRequestLine(first);
  const headers = parseFields(lines);
  const absolute = ABSOLUTE.exec(sent);
  const target = absolute ? absolute[2] || "/" : sent;
  if (!target.startsWith("/") || target.includes("#")) {
    throw new BadRequest(400, "The request line does not name a path");
  }
  const sentHost = headers.get("host") ?? "";
  const host = absolute?.[1] ?? sentHost;
  if (!HOST.test(host) || !HOST.test(sentHost)) {
    throw new BadRequest(400, "Host must be a name, and perhaps a port");
  }
  const connection = tokens(headers.get("connection"));
  return {
    method,
    target,
    host,
    headers,
    length: bodyLength(headers, minor),
    keepAlive: minor === 0 ? connection.includes("keep-alive") : !connection.includes("close"),
    expectsContinue: minor > 0 && expectation(headers),
    takesChunks: minor > 0,
  };
}

function parseRequestLine(line: string): { method: string; target: string; minor: number } {
  const [, method, target, major, minor] = REQUEST_LINE.exec(line) ?? [];
  if (method === undefined || target === undefined) {
    throw new BadRequest(400, "The request line is malformed");
  }
  if (major !== "1") throw new BadRequest(505, "Only HTTP/1.1 is spoken here");
  if (REFUSED_METHODS.has(method.toUpperCase())) {
    throw new BadRequest(501, "The method is not supported");
  }
  return { method, target, minor: Number(minor) };
}

function parseFields(lines: readonly string[]): Headers {
  if (lines.length > FIELD_LIMIT) throw new BadRequest(431, "The request has too many fields");
  const headers = new Headers();
  for (const line of lines) {
    // A line that starts with a space would go on with the one before: nobody writes that any more.
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new BadRequest(400, "A field of the request is malformed");
    }
    const key = name.toLowerCase();
    if (SINGLE.has(key) && headers.has(key)) {
      throw new BadRequest(400, `The request has ${key} twice`);
    }
    headers.append(key, value.trimEnd());
  }
  return headers;
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

function tokens(value: string | null): string[] {
  return (value ?? "").toLowerCase().split(",").map((token) => token.trim());
}

/** How the end of the body is found (RFC 9112 §6.3). */
function bodyLength(headers: Headers, minor: number): number | "chunked" {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding === null) {
    if (length === null) return 0;
    if (/^[0-9]{1,15}$/.test(length)) return Number(length);
    throw new BadRequest(400, "Content-Length is not a number of bytes");
  }
  if (length !== null || minor === 0) {
    throw new BadRequest(400, "Transfer-Encoding cannot be used here");
  }
  if (coding.toLowerCase() === "chunked") return "chunked";
  throw new BadRequest(501, "Only the transfer coding chunked is understood");
}

function expectation(headers: Headers): boolean {
  const expect = headers.get("expect");
  if (expect === null) return false;
  if (expect.toLowerCase() === "100-continue") return true;
  throw new BadRequest(417, "Only 100-continue can be expected");
}
