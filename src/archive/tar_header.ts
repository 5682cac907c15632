/**
 * Headers of regular files in tar archives, byte for byte as Go's `archive/tar` writes them, so
 * that layers have the digests that other tools of this field give them.
 *
 * A header is USTAR when everything fits, else PAX (POSIX.1-2001, `pax` interchange format).
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { concatBytes } from "../core/streams.ts";
import { quote, withoutEnd } from "../core/text.ts";
import { FIELDS, fitsOctal, TarBlock, tarPadding } from "./tar_block.ts";

export { BLOCK_SIZE, tarChecksum, tarPadding } from "./tar_block.ts";

/** A regular file in a tar archive. */
export interface TarEntry {
  /** Path with forward slashes. */
  readonly name: string;
  /** Size of the content in bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Name of the owner; empty when unknown. */
  readonly uname: string;
  /** Name of the owning group; empty when unknown. */
  readonly gname: string;
  /** Modification time; written rounded to the nearest second. */
  readonly mtime: Date;
}

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
  const block = new TarBlock();
  block.text(FIELDS.name, fits ? split?.name ?? entry.name : ascii(entry.name));
  block.octal(FIELDS.mode, entry.mode);
  block.octal(FIELDS.uid, entry.uid);
  block.octal(FIELDS.gid, entry.gid);
  block.octal(FIELDS.size, entry.size);
  block.octal(FIELDS.mtime, seconds);
  block.text(FIELDS.type, "0");
  block.text(FIELDS.uname, ascii(entry.uname));
  block.text(FIELDS.gname, ascii(entry.gname));
  block.octal(FIELDS.devMajor, 0);
  block.octal(FIELDS.devMinor, 0);
  if (fits) block.text(FIELDS.prefix, split?.prefix ?? "");
  return fits ? block.seal() : concatBytes([...paxBlocks(entry.name, records), block.seal()]);
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
  number("gid", entry.gid, FIELDS.gid[1]);
  text("gname", entry.gname, FIELDS.gname[1]);
  number("mtime", seconds, FIELDS.mtime[1]);
  text("path", entry.name, FIELDS.name[1]);
  number("size", entry.size, FIELDS.size[1]);
  number("uid", entry.uid, FIELDS.uid[1]);
  text("uname", entry.uname, FIELDS.uname[1]);
  return records;
}

/** The extended header that carries PAX records, with its own block in front. */
function paxBlocks(name: string, records: Record<string, string>): Uint8Array[] {
  const body = concatBytes(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  const slash = name.lastIndexOf("/") + 1;
  const ownName = ascii(`${name.slice(0, slash)}PaxHeaders.0/${name.slice(slash)}`);
  const block = new TarBlock();
  block.text(FIELDS.name, withoutEnd(ownName.slice(0, FIELDS.name[1]), "/"));
  for (const field of [FIELDS.mode, FIELDS.uid, FIELDS.gid, FIELDS.mtime]) block.octal(field, 0);
  block.octal(FIELDS.size, body.byteLength);
  block.text(FIELDS.type, "x");
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
  if (path.length <= FIELDS.name[1] || !isAscii(path)) return undefined;
  const slash = path.slice(0, FIELDS.prefix[1] + 1).lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (slash <= 0 || name === "" || name.length > FIELDS.name[1]) return undefined;
  return { prefix: path.slice(0, slash), name };
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
    `Cannot package ${quote(entry.name)}: its name or metadata does not fit a tar header`,
    { path: entry.name },
  );
}
