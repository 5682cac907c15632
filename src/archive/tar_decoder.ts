/**
 * What the blocks of tar headers say: USTAR (POSIX.1-1988), PAX (POSIX.1-2001) and the names and
 * numbers of GNU tar, as Go's `archive/tar` reads them.
 * @module
 */
import { IntegrityError } from "../core/errors.ts";
import { type Field, FIELDS } from "./tar_block.ts";

/** What an entry of an archive is. */
export type TarMemberType =
  | "file"
  | "directory"
  | "hard link"
  | "symbolic link"
  | "device"
  | "fifo"
  | "other";

/** What the headers say about an entry. */
export interface TarFacts {
  /** The name as the archive has it: not safe as a path. */
  readonly name: string;
  readonly type: TarMemberType;
  /** Size of the content in bytes. */
  readonly size: number;
  /** Permission bits, with those for set-user-ID and the like. */
  readonly mode: number;
  /** Modification time in seconds since 1970; `NaN` when the archive has nonsense. */
  readonly mtime: number;
  readonly linkName?: string;
}

/** What headers in front of an entry say of it, by the keys of PAX. */
export type TarRecords = ReadonlyMap<string, string>;

const TYPES: Readonly<Record<string, TarMemberType>> = {
  "\0": "file",
  "0": "file",
  "1": "hard link",
  "2": "symbolic link",
  "3": "device",
  "4": "device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

/** Entries that have no content, whatever their size field says. */
const BODILESS: readonly TarMemberType[] = [
  "hard link",
  "symbolic link",
  "device",
  "directory",
  "fifo",
];

/**
 * The entry of a header block, and of the records that stand before it.
 * @throws {IntegrityError} when a number is none.
 */
export function decodeEntry(block: Uint8Array, records: TarRecords): TarFacts {
  const name = records.get("path") ?? nameIn(block);
  const named = TYPES[typeFlag(block)] ?? "other";
  const said = sizeOf(records.get("size") || numberIn(block, FIELDS.size));
  const size = BODILESS.includes(named) ? 0 : said;
  // The first tar programs had no folders but these.
  const type = named === "file" && name.endsWith("/") ? "directory" : named;
  if (type === "directory" && size > 0) throw corrupt("a folder has content");
  return {
    name,
    type,
    size,
    mode: numberIn(block, FIELDS.mode) & 0o7777,
    mtime: timeOf(records.get("mtime") || numberIn(block, FIELDS.mtime)),
    linkName: (records.get("linkpath") ?? textIn(block, FIELDS.linkName)) || undefined,
  };
}

/** The letter that says what a header is. */
export function typeFlag(block: Uint8Array): string {
  return String.fromCharCode(block[FIELDS.type[0]] ?? 0);
}

/**
 * The records of a PAX header, each `length key=value` and a line break.
 * @throws {IntegrityError} when one has another form.
 */
export function decodeRecords(content: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.byteLength;) {
    const space = content.subarray(at, at + MOST_DIGITS + 1).indexOf(SPACE);
    const digits = textOf(content.subarray(at, at + Math.max(space, 0)));
    const end = at + (/^[0-9]+$/.test(digits) ? Number(digits) : 0);
    const begin = at + space + 1;
    const equals = content.indexOf(EQUALS, begin);
    const isWhole = begin <= equals && equals < end && end <= content.byteLength;
    if (!isWhole || equals === begin || content[end - 1] !== LINE_BREAK) {
      throw corrupt("a PAX record is malformed");
    }
    const key = textOf(content.subarray(begin, equals));
    records.set(key, textOf(content.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}

const [SPACE, EQUALS, LINE_BREAK] = [0x20, 0x3d, 0x0a];

/** Digits of the length of a record: no header that is read is longer. */
const MOST_DIGITS = 10;

// A mark of the byte order at its beginning belongs to a name; one decoder for all, since there are
// archives with millions of records.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of bytes in UTF-8. Of other bytes, those that are no ASCII become lone surrogates: names
 * that differ stay different, and none of them passes for a name that can be written.
 */
function textOf(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte))
      .join("");
  }
}

/** The text of a whole content of a GNU header, which a NUL ends. */
export function decodeLongName(content: Uint8Array): string {
  return textOf(untilNul(content));
}

/**
 * A number in octal digits, or in bits where those do not suffice.
 * @throws {IntegrityError} when it is neither.
 */
export function numberIn(block: Uint8Array, [offset, size]: Field): number {
  const field = block.subarray(offset, offset + size);
  if ((field[0] ?? 0) & 0x80) return bitsIn(field);
  const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(textOf(field))?.[1];
  if (digits === undefined) throw corrupt("a header has a malformed number");
  return digits === "" ? 0 : parseInt(digits, 8);
}

/** The number of a field whose first bit is set: two's complement in all the others. */
function bitsIn([first = 0, ...rest]: Uint8Array): number {
  const start = (first & 0x40) === 0 ? first & 0x7f : (first & 0x7f) - 0x80;
  const number = rest.reduce((sum, byte) => sum * 256 + byte, start);
  if (!Number.isSafeInteger(number)) throw corrupt("a header has a number that is too large");
  return number;
}

function sizeOf(size: number | string): number {
  const isNumber = typeof size === "number" || /^[0-9]+$/.test(size);
  if (isNumber && Number(size) >= 0 && Number.isSafeInteger(Number(size))) return Number(size);
  throw corrupt("an entry has no valid size");
}

function timeOf(seconds: number | string): number {
  const isNumber = typeof seconds === "number" || /^-?[0-9]+(\.[0-9]*)?$/.test(seconds);
  return isNumber ? Number(seconds) : NaN;
}

/** The name in a block; the part that did not fit stands before it where the format has one. */
function nameIn(block: Uint8Array): string {
  const name = textIn(block, FIELDS.name);
  const prefix = textIn(block, FIELDS.magic) === "ustar" ? textIn(block, FIELDS.prefix) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textIn(block: Uint8Array, [offset, size]: Field): string {
  return textOf(untilNul(block.subarray(offset, offset + size)));
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** The error of an archive that is damaged. */
export function corrupt(reason: string): IntegrityError {
  return new IntegrityError(`Cannot read tar archive: ${reason}`, { found: reason });
}
