/**
 * Text: made fit to be shown, quoted and compared.
 * @module
 */
import { unseenReplacer } from "./unseen.ts";

const withoutUnseen = unseenReplacer(() => " ");

/**
 * One line without what nobody sees, which could play tricks on a terminal, and of at most `limit`
 * characters.
 */
export function plainText(text: string, limit = 200): string {
  const line = withoutUnseen(text).replace(/ {2,}/g, " ").trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/**
 * A value as messages show it: between double quotes, with JSON's escapes, and cut at `limit`
 * characters, so that a hostile name cannot fill the terminal.
 */
export function quote(text: string, limit = 1000): string {
  return JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…` : text);
}

/** A word of a command line that is to be pasted into a shell: between single quotes if need be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The first `most` of some names, and how many there are besides: `a, b and 3 more`. */
export function listed(names: readonly string[], most: number): string {
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return names.slice(0, most).join(", ") + more;
}

/** Text in the form of base64. */
export function base64(text: string): string {
  // Node 20 does not have `toBase64`.
  return btoa(
    Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""),
  );
}

/**
 * Orders text by its UTF-8 bytes, which is the order of code points. The default order of
 * JavaScript compares UTF-16 units and puts emoji before some of CJK; other tools of this field
 * compare bytes.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let same = 0;
  while (same < length && a.charCodeAt(same) === b.charCodeAt(same)) same++;
  if (same === length) return Math.sign(a.length - b.length);
  const [left, right] = [a.charCodeAt(same), b.charCodeAt(same)];
  return isHalf(left) || isHalf(right) ? compareEncoded(a, b) : Math.sign(left - right);
}

/** Sorts items by their texts, in the order of {@linkcode compareText}. */
export function sortByText<Item>(items: Item[], textOf: (item: Item) => string): Item[] {
  const compare = items.some((item) => HALF.test(textOf(item))) ? compareText : compareUnits;
  return items.sort((a, b) => compare(textOf(a), textOf(b)));
}

/**
 * Compares texts of these lists in the order of {@linkcode compareText}. Where no text has
 * characters that the two orders tell apart, that of JavaScript does it, ten times as fast.
 */
export function textOrder(lists: readonly (readonly string[])[]): (a: string, b: string) => number {
  const isHard = lists.some((texts) => texts.some((text) => HALF.test(text)));
  return isHard ? compareText : compareUnits;
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A code unit that is one of a pair, or that has lost the other. */
const HALF = /[\ud800-\udfff]/;

/** Whether a code unit is one of a pair, or one that has lost the other. */
function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function compareEncoded(a: string, b: string): number {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  const differs = left.findIndex((byte, index) => byte !== right[index]);
  const at = differs < 0 ? left.length : differs;
  return Math.sign((left[at] ?? -1) - (right[at] ?? -1));
}

/**
 * A text without the characters at its end that are among `characters`. A regular expression of the
 * form `x+$` looks at a run again from each of its characters: a long one in the middle of a
 * hostile name would take minutes.
 */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** A part of a URL as text; what is no encoded text stands for itself. */
export function decodeUrlPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return text;
  }
}

/** The text encodings that a mark at the beginning tells apart from UTF-8. */
const MARKED_ENCODINGS = [
  { mark: [0xff, 0xfe], encoding: "utf-16le" },
  { mark: [0xfe, 0xff], encoding: "utf-16be" },
] as const;

/**
 * Bytes as text: UTF-16 when a byte order mark says so, else UTF-8; or in the encoding that
 * `detect` tells. The mark is no part of it.
 */
export function decodeText(bytes: Uint8Array, detect: typeof encodingOf = encodingOf): string {
  return new TextDecoder(detect(bytes)).decode(bytes);
}

/** The encoding that the mark at the beginning of a text tells; none for UTF-8. */
export function encodingOf(bytes: Uint8Array): string | undefined {
  return MARKED_ENCODINGS.find(({ mark: [a, b] }) => bytes[0] === a && bytes[1] === b)?.encoding;
}

/** Says that bytes are no text in UTF-8. */
export class NotText extends Error {}

/**
 * Chunks of bytes as chunks of text, decoded as {@linkcode decodeText} does; strictly as UTF-8
 * without a mark where nothing detects the encoding.
 * @throws {NotText} when they are strictly none.
 */
export async function* decodedText(
  chunks: AsyncIterable<Uint8Array>,
  detect?: typeof encodingOf,
): AsyncGenerator<string, void> {
  const strict = { fatal: true, ignoreBOM: true };
  let decoder = detect ? undefined : new TextDecoder("utf-8", strict);
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder?.decode(chunk, { stream: chunk !== undefined }) ?? "";
    } catch (cause) {
      throw new NotText("not valid UTF-8", { cause });
    }
  };
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(detect?.(chunk));
    yield decode(chunk);
  }
  yield decode();
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/**
 * Bytes in powers of 1024 with two significant digits or more: `7 B`, `1.5 GiB`, `16 KiB`.
 * @param gap What stands between number and unit.
 */
export function formatBytes(bytes: number, gap = " "): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  // 1023.5 would be shown as "1024 KiB".
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)}${gap}${UNITS[unit]}`;
}
