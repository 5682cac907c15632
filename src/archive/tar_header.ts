/**
 * Headers of regular files in tar archives, byte for byte as Go's `archive/tar` writes them, so that
 * layers have the digests that other tools of this field give them.
 *
 * A header is USTAR when everything fits, else PAX (POSIX.1-2001, `pax` interchange format).
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { concatBytes } from "../core/streams.ts";

/** Size of a tar block in bytes. */
export const BLOCK_SIZE = 512;

/** A regular file in a tar archive. */
export interface TarEntry {
  /** Path with forward slashes. */
  readonly name: string;
  /** Size of the content in bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Number of the owner. */
  readonly uid: number;
  /** Number of the owning group. */
  readonly gid: number;
  /** Name of the owner; empty when unknown. */
  readonly uname: string;
  /** Name of the owning group; empty when unknown. */
  readonly gname: string;
  /** Modification time; written rounded to the nearest second. */
  readonly mtime: Date;
}

/** Where a field lies in the 512 bytes. */
type Field = readonly [offset: number, size: number];

const NAME: Field = [0, 100];
const MODE: Field = [100, 8];
const UID: Field = [108, 8];
const GID: Field = [116, 8];
const SIZE: Field = [124, 12];
const MTIME: Field = [136, 12];
const CHECKSUM: Field = [148, 8];
const TYPE: Field = [156, 1];
const MAGIC: Field = [257, 8];
const UNAME: Field = [265, 32];
const GNAME: Field = [297, 32];
const DEV_MAJOR: Field = [329, 8];
const DEV_MINOR: Field = [337, 8];
const PREFIX: Field = [345, 155];

/**
 * The header blocks of an entry: one block, or three and more where PAX is needed.
 * @throws {InvalidInputError} when a value cannot be written at all.
 */
export function tarHeader(entry: TarEntry): Uint8Array<ArrayBuffer> {
  checkEntry(entry);
  const seconds = Math.round(entry.mtime.getTime() / 1000);
  const records = paxRecords(entry, seconds);
  const split = splitName(entry.name);
  const fits = Object.keys(records).every((key) => key === "path" && split !== undefined);
  const block = new Block();
  block.text(NAME, fits ? split?.name ?? entry.name : ascii(entry.name));
  block.octal(MODE, entry.mode);
  block.octal(UID, entry.uid);
  block.octal(GID, entry.gid);
  block.octal(SIZE, entry.size);
  block.octal(MTIME, seconds);
  block.text(TYPE, "0");
  block.text(UNAME, ascii(entry.uname));
  block.text(GNAME, ascii(entry.gname));
  block.octal(DEV_MAJOR, 0);
  block.octal(DEV_MINOR, 0);
  if (fits) block.text(PREFIX, split?.prefix ?? "");
  return fits ? block.seal() : concatBytes([...paxBlocks(entry.name, records), block.seal()]);
}

/** The zero bytes that fill the last block of a content of `size` bytes. */
export function tarPadding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK_SIZE - size % BLOCK_SIZE) % BLOCK_SIZE);
}

/** The sum a tar header must carry: all its bytes, the checksum field counted as spaces. */
export function tarChecksum(block: Uint8Array): number {
  const [offset, size] = CHECKSUM;
  let sum = 0;
  for (let index = 0; index < BLOCK_SIZE; index++) {
    sum += index >= offset && index < offset + size ? 0x20 : block[index] ?? 0;
  }
  return sum;
}

/** One header block under construction. */
class Block {
  readonly #bytes = new Uint8Array(BLOCK_SIZE);

  /** Writes ASCII text, cut to the field. */
  text([offset, size]: Field, value: string): void {
    new TextEncoder().encodeInto(value, this.#bytes.subarray(offset, offset + size));
    if (value.length <= size || value[size - 1] !== "/") return;
    // A cut that ends in a slash would make readers take the file for a folder.
    this.#bytes[offset + value.slice(0, size - 1).replace(/\/+$/, "").length] = 0;
  }

  /** Writes octal digits that end with a NUL; zero where the value does not fit. */
  octal([offset, size]: Field, value: number): void {
    const digits = fitsOctal(size, value) ? value.toString(8) : "0";
    this.text([offset, size], digits.padStart(size - 1, "0"));
  }

  /** Completes the block with magic, version and checksum. */
  seal(): Uint8Array<ArrayBuffer> {
    this.text(MAGIC, "ustar\x0000");
    const sum = tarChecksum(this.#bytes).toString(8).padStart(6, "0");
    this.text(CHECKSUM, `${sum}\0 `);
    return this.#bytes;
  }
}

/** What has to be said in PAX records because it does not fit its field; keys in sorted order. */
function paxRecords(entry: TarEntry, seconds: number): Record<string, string> {
  const records: Record<string, string> = {};
  const number = (key: string, value: number, size: number) => {
    if (!fitsOctal(size, value)) records[key] = String(value);
  };
  const text = (key: string, value: string, size: number) => {
    if (!isAscii(value) || value.length > size) records[key] = value;
  };
  number("gid", entry.gid, GID[1]);
  text("gname", entry.gname, GNAME[1]);
  number("mtime", seconds, MTIME[1]);
  text("path", entry.name, NAME[1]);
  number("size", entry.size, SIZE[1]);
  number("uid", entry.uid, UID[1]);
  text("uname", entry.uname, UNAME[1]);
  return records;
}

/** The extended header that carries PAX records, with its own block in front. */
function paxBlocks(name: string, records: Record<string, string>): Uint8Array[] {
  const body = concatBytes(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  const slash = name.lastIndexOf("/") + 1;
  const ownName = ascii(`${name.slice(0, slash)}PaxHeaders.0/${name.slice(slash)}`);
  const block = new Block();
  block.text(NAME, ownName.slice(0, NAME[1]).replace(/\/+$/, ""));
  for (const field of [MODE, UID, GID, MTIME]) block.octal(field, 0);
  block.octal(SIZE, body.byteLength);
  block.text(TYPE, "x");
  return [block.seal(), body, tarPadding(body.byteLength)];
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = new TextEncoder().encode(` ${key}=${value}\n`);
  let length = rest.byteLength + String(rest.byteLength).length;
  length = rest.byteLength + String(length).length;
  return concatBytes([new TextEncoder().encode(String(length)), rest]);
}

/** Splits a long ASCII name at a slash into USTAR's prefix and name, where that is possible. */
function splitName(path: string): { prefix: string; name: string } | undefined {
  if (path.length <= NAME[1] || !isAscii(path)) return undefined;
  const slash = path.slice(0, PREFIX[1] + 1).lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (slash <= 0 || name === "" || name.length > NAME[1]) return undefined;
  return { prefix: path.slice(0, slash), name };
}

function fitsOctal(fieldSize: number, value: number): boolean {
  return value >= 0 && value < 8 ** (fieldSize - 1);
}

function isAscii(text: string): boolean {
  return ascii(text) === text;
}

/** The ASCII part of a text; readers of PAX take the whole text from a record. */
function ascii(text: string): string {
  return Array.from(text).filter((char) => char > "\0" && char < "\x80").join("");
}

function checkEntry(entry: TarEntry): void {
  const whole = [entry.size, entry.mode, entry.uid, entry.gid].every((value) =>
    Number.isSafeInteger(value) && value >= 0
  );
  const named = entry.name !== "" && !entry.name.includes("\0") && !entry.name.endsWith("/");
  if (whole && named && entry.mode <= 0o7777 && !Number.isNaN(entry.mtime.getTime())) return;
  throw new InvalidInputError(
    `Cannot package ${JSON.stringify(entry.name)}: its name or metadata does not fit a tar header`,
    { path: entry.name },
  );
}
