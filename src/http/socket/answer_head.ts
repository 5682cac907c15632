/**
 * The head of an answer: its status, its fields, and how its body ends.
 *
 * See RFC 9112 §4 and §6.3
 * @module
 */
import { BadMessage } from "../../core/http1/bad_message.ts";
import { bodyLength, keepsAlive, parseFields } from "../../core/http1/fields.ts";

/** An answer before its body. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
  /** Bytes of the body, or where else it ends: with its last chunk, or with the connection. */
  readonly length: number | "chunked" | "rest";
  /** Whether the server takes another request on this connection. */
  readonly keepAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/** Fields of which a second one would make the answer ambiguous. */
const SINGLE: ReadonlySet<string> = new Set([
  "content-length",
  "content-range",
  "location",
  "transfer-encoding",
]);

/** Statuses whose answers have no body, whatever their fields say. */
const BODYLESS: ReadonlySet<number> = new Set([204, 304]);

/**
 * Reads the head of an answer to a request with a method: its text without the empty line at its
 * end, one character a byte.
 * @throws {BadMessage} when it is malformed or ambiguous.
 */
export function parseAnswer(text: string, method: string): AnswerHead {
  const [first = "", ...lines] = text.split("\r\n");
  const [, minor, code] = STATUS_LINE.exec(first) ?? [];
  if (minor === undefined) throw new BadMessage(502, "The answer is not one of HTTP/1.1");
  const status = Number(code);
  const headers = parseFields(lines, SINGLE);
  const isTunnel = method === "CONNECT" && status < 300;
  const bodyless = method === "HEAD" || status < 200 || isTunnel || BODYLESS.has(status);
  const length = bodyless ? 0 : bodyLength(headers, Number(minor)) ?? "rest";
  return {
    status,
    headers,
    length,
    keepAlive: length !== "rest" && keepsAlive(headers, Number(minor)),
  };
}
