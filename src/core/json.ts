/**
 * JSON in and out.
 * @module
 */
import { InvalidInputError } from "./errors.ts";
import { jsonParts } from "./json/parts.ts";
import { parsePieces, type PieceLimits } from "./json/pieces.ts";
import { collectGarbage } from "./runtime/garbage.ts";
import { giveWay } from "./runtime/turn.ts";
import { decodedText, decodeText, encodingOf, NotText, plainText, quote } from "./text.ts";

/**
 * Compact JSON in the exact bytes that Go's `encoding/json` gives for the same keys in the same
 * order: `<`, `>`, `&` and the two Unicode line separators are escaped. Artifact documents are
 * written so, as other tools of this field do, which keeps digests equal.
 */
export function encodeGoJson(value: unknown, indent?: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(goJson(value, indent));
}

/** The text form of {@linkcode encodeGoJson}. */
export function goJson(value: unknown, indent?: string): string {
  return JSON.stringify(value, undefined, indent)
    .replace(/[<>&\u2028\u2029]/g, (char) => "\\u" + hexOf(char));
}

function hexOf(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, "0");
}

/**
 * Values of a document, by its commas and brackets, that are parsed where nobody says how many
 * those may be. A value takes a hundred bytes of memory, however few it has in the text, and what a
 * schema says of a wrong one takes five hundred.
 */
const MOST_VALUES = 100_000;

/** The most values of a list that may be long, and whose items are checked one by one. */
export const MOST_LIST_VALUES = 1_000_000;

/** Deeper documents are no documents of this field, and end the stack of whoever walks them. */
const DEEPEST_DOCUMENT = 100;

/**
 * Parses UTF-8 JSON.
 * @throws {InvalidInputError} naming `what` when the bytes are not UTF-8, not JSON, or nested
 * deeper than any document is, or of more than `limit` values.
 */
export function decodeJson(bytes: Uint8Array, what: string, limit?: number): unknown {
  try {
    return parse(decodeUtf8(bytes), limit);
  } catch (cause) {
    throw notJson(what, bytes, cause);
  }
}

/** Parses UTF-8 JSON as {@linkcode decodeJson} does, and lets others have their turn meanwhile. */
export async function decodeLongJson(
  bytes: Uint8Array,
  what: string,
  limit: number,
): Promise<unknown> {
  try {
    const pieces = parsePieces(decodeUtf8(bytes), limitsOf(limit, PIECE));
    for (;;) {
      const { done, value } = pieces.next();
      if (done) return value;
      await giveWay();
    }
  } catch (cause) {
    throw notJson(what, bytes, cause);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function notJson(what: string, bytes: Uint8Array, cause: unknown): InvalidInputError {
  if (!(cause instanceof SyntaxError)) return unreadable(what, "not valid UTF-8", cause);
  if (bytes[0] === 0xef && bytes[1] === 0xbb) {
    return unreadable(what, "it begins with a byte order mark, which JSON does not have", cause);
  }
  const instead = insteadOfJson(bytes);
  return unreadable(what, instead === undefined ? cause.message : `it holds ${instead}`, cause);
}

/**
 * What is in the place of a document, if that does not even begin as one: `nothing`, or a page or
 * text, with how it begins.
 */
export function insteadOfJson(bytes: Uint8Array): string | undefined {
  const text = plainText(new TextDecoder().decode(bytes.subarray(0, 1000)), 80);
  if (text === "") return "nothing";
  if (/^[[{]/.test(text)) return undefined;
  return `${text.startsWith("<") ? "a page" : "text"}, not valid JSON: ${quote(text)}`;
}

/**
 * Parses JSON as the tools of Python write it: with `NaN` and `Infinity`, which become `null`, and
 * in UTF-8 or UTF-16, with a byte order mark or without.
 * @throws {InvalidInputError} naming `what` when it is not JSON, or nested too deep.
 */
export function decodePythonJson(bytes: Uint8Array, what: string): unknown {
  try {
    return parse(withoutStrangeNumbers(decodeText(bytes, encodingOfJson)));
  } catch (cause) {
    throw unreadable(what, (cause as Error).message, cause);
  }
}

/** JSON begins with a character of ASCII: of UTF-16 without a mark, one byte of it is zero. */
function encodingOfJson(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if (first === 0) return "utf-16be";
  return second === 0 ? "utf-16le" : encodingOf(bytes);
}

/** How a document is read in parts. */
export interface JsonPartsOptions {
  /** The most objects and lists that are cut, one within the other; all else is in one part. */
  readonly cut: number;
  /** Whether it is read as {@linkcode decodePythonJson} does, or else as {@linkcode decodeJson}. */
  readonly isPython?: boolean;
}

/**
 * Parses a document as it comes, however long it is: its parts, one after the other, are documents
 * with a part of its members each. Only what is in one part is held to a limit of values.
 * @throws {InvalidInputError} naming `what` when it is not UTF-8, not JSON, or nested too deep.
 */
export async function* decodeJsonParts(
  chunks: AsyncIterable<Uint8Array>,
  what: string,
  { cut, isPython = false }: JsonPartsOptions,
): AsyncGenerator<unknown, void> {
  const prepare = isPython ? withoutStrangeNumbers : undefined;
  const limits = { ...limitsOf(MOST_VALUES, PIECE), cut, prepare };
  try {
    const texts = decodedText(chunks, isPython ? encodingOfJson : undefined);
    for await (const part of jsonParts(texts, limits)) {
      yield part;
      // What came of it may be little; the part itself is many times as large as its text.
      collectGarbage();
    }
  } catch (cause) {
    const isFault = cause instanceof SyntaxError || cause instanceof NotText;
    throw isFault ? unreadable(what, cause.message, cause) : cause;
  }
}

function unreadable(what: string, reason: string, cause: unknown): InvalidInputError {
  return new InvalidInputError(`Cannot read ${what}: ${reason}`, { cause });
}

/** Characters after which others may have a turn: such a piece takes about a millisecond. */
const PIECE = 64 * 1024;

function limitsOf(values: number, piece: number): PieceLimits {
  return { depth: DEEPEST_DOCUMENT, values, piece };
}

function parse(text: string, limit: number = MOST_VALUES): unknown {
  return parsePieces(text, limitsOf(limit, Infinity)).next().value;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** The characters of a JSON text that are outside its strings, with their places. */
function* marks(text: string): Generator<{ code: number; at: number }, void> {
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString && code === BACKSLASH) at++;
    else if (code === QUOTE) inString = !inString;
    else if (!inString) yield { code, at };
  }
}

/** The text with `null` for the numbers that Python writes and JSON does not know. */
function withoutStrangeNumbers(text: string): string {
  if (!STRANGE_NUMBERS.some((word) => text.includes(word))) return text;
  const parts: string[] = [];
  let done = 0;
  for (const { at } of marks(text)) {
    const word = at < done ? undefined : STRANGE_NUMBERS.find((word) => text.startsWith(word, at));
    if (word === undefined) continue;
    parts.push(text.slice(done, at), "null");
    done = at + word.length;
  }
  return parts.join("") + text.slice(done);
}

const STRANGE_NUMBERS = ["NaN", "Infinity", "-Infinity"];

/** Whether a JSON value is an object, and no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first items of a list whose JSON has no more than so many characters. */
export function firstFitting<Item>(items: Iterable<Item>, characters: number): readonly Item[] {
  let left = characters;
  const fitting: Item[] = [];
  // What is behind the end is neither made nor written out to be measured.
  for (const item of items) {
    left -= JSON.stringify(item).length + 1;
    if (left < 0) break;
    fitting.push(item);
  }
  return fitting;
}
