/**
 * Headers that say nothing but name, kind, size and permission bits, so that equal trees give equal
 * archives on every system: plain USTAR (POSIX.1-1988), names in UTF-8, no owner, no time, empty
 * device fields.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { FIELDS, fitsOctal, TarBlock } from "./tar_block.ts";

/** A file or a folder in an anonymous archive. */
export interface UstarEntry {
  /** Relative path with forward slashes; none at the end. */
  readonly name: string;
  readonly type: "file" | "directory";
  /** Size of the content in bytes; 0 for a folder. */
  readonly size: number;
  readonly mode: number;
}

/**
 * The header block of an entry.
 * @throws {InvalidInputError} when the name or the size does not fit.
 */
export function ustarHeader(entry: UstarEntry): Uint8Array<ArrayBuffer> {
  const isFolder = entry.type === "directory";
  const { prefix, name } = splitPath(isFolder ? `${entry.name}/` : entry.name);
  if (!fitsOctal(FIELDS.size[1], entry.size)) {
    throw refused(entry.name, "files of 8 GiB and more do not fit the format");
  }
  const block = new TarBlock();
  block.text(FIELDS.name, name);
  block.octal(FIELDS.mode, entry.mode);
  block.octal(FIELDS.uid, 0);
  block.octal(FIELDS.gid, 0);
  block.octal(FIELDS.size, entry.size);
  block.octal(FIELDS.mtime, 0);
  block.text(FIELDS.type, isFolder ? "5" : "0");
  block.text(FIELDS.prefix, prefix);
  return block.seal();
}

/** Splits a path that is too long for the name field at the first slash where both parts fit. */
function splitPath(path: string): { prefix: string; name: string } {
  if (byteLength(path) <= FIELDS.name[1]) return { prefix: "", name: path };
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (byteLength(prefix) > FIELDS.prefix[1]) break;
    if (byteLength(name) <= FIELDS.name[1]) return { prefix, name };
  }
  throw refused(path, "its name is too long for the format, which splits it at a slash");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function refused(path: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot package ${quote(path)}: ${reason}`, { path });
}
