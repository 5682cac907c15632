/**
 * The fields of a message's head, and what they say of its body.
 *
 * They are read strictly. Whatever two programs could read in two ways is refused, because a proxy
 * on the way would then have let pass another message than the one that is read (RFC 9112 §11).
 * See RFC 9112 §5 and §6
 * @module
 */
import { BadMessage } from "./bad_message.ts";

/** How a name or a method is written, for a regular expression. */
export const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

const FIELD = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`);

/** The most fields of a message; those of registries and their clients have about ten. */
const FIELD_LIMIT = 100;

/**
 * Reads the lines of a head that follow its first one. Those named in `single` may stand there
 * once: a second one would make the message ambiguous.
 * @throws {BadMessage} when they are malformed, ambiguous or too many.
 */
export function parseFields(lines: readonly string[], single: ReadonlySet<string>): Headers {
  if (lines.length > FIELD_LIMIT) throw new BadMessage(431, "The message has too many fields");
  const headers = new Headers();
  for (const line of lines) {
    // A line that starts with a space would go on with the one before: nobody writes that any more.
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new BadMessage(400, "A field of the message is malformed");
    }
    const key = name.toLowerCase();
    if (single.has(key) && headers.has(key)) {
      throw new BadMessage(400, `The message has ${key} twice`);
    }
    headers.append(key, value.trimEnd());
  }
  return headers;
}

/** Whether the other side sends more messages on a connection, by the minor version it speaks. */
export function keepsAlive(headers: Headers, minor: number): boolean {
  const listed = (headers.get("connection") ?? "").toLowerCase().split(",");
  const options = listed.map((option) => option.trim());
  return minor === 0 ? options.includes("keep-alive") : !options.includes("close");
}

/**
 * How the end of a body is found (RFC 9112 §6.3): by its bytes, or by its chunks; `undefined` when
 * the fields say nothing.
 * @throws {BadMessage} when they say two things, or what is not understood.
 */
export function bodyLength(headers: Headers, minor: number): number | "chunked" | undefined {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding === null) {
    if (length === null) return undefined;
    if (/^[0-9]{1,15}$/.test(length)) return Number(length);
    throw new BadMessage(400, "Content-Length is not a number of bytes");
  }
  if (length !== null || minor === 0) {
    throw new BadMessage(400, "Transfer-Encoding cannot be used here");
  }
  if (coding.toLowerCase() === "chunked") return "chunked";
  throw new BadMessage(501, "Only the transfer coding chunked is understood");
}
