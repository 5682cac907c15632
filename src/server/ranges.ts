/**
 * The two headers that name parts of content: `Range` on the way out, `Content-Range` on the way
 * in.
 * @module
 */

/** Part of a content: from byte `start` up to, not including, byte `end`. */
export interface BoundedRange {
  /** First byte. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/**
 * What a `Range` header asks of a content of `size` bytes (RFC 9110 §14.2). A header that is
 * malformed, of another unit or for several ranges may be ignored, and is: `whole`.
 */
export function parseByteRange(
  header: string | null,
  size: number,
): BoundedRange | "whole" | "unsatisfiable" {
  const match = /^bytes=[ \t]*([0-9]*)-([0-9]*)$/i.exec(header?.trim() ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return "whole";
  if (first === "") return suffixRange(Number(last), size);
  const start = Number(first);
  if (last !== "" && Number(last) < start) return "whole";
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

function suffixRange(length: number, size: number): BoundedRange | "unsatisfiable" {
  if (length === 0 || size === 0) return "unsatisfiable";
  return { start: Math.max(0, size - length), end: size };
}

/**
 * The place of a chunk in its upload: `0-1023`, as the distribution specification writes it, or
 * `bytes 0-1023/*` as RFC 9110 does. `undefined` without a header.
 */
export function parseContentRange(header: string | null): BoundedRange | "malformed" | undefined {
  if (header === null) return undefined;
  const match = /^(?:bytes[ =])?([0-9]+)-([0-9]+)(?:\/(?:[0-9]+|\*))?$/i.exec(header.trim());
  if (!match) return "malformed";
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  return Number.isSafeInteger(end) && start < end ? { start, end } : "malformed";
}

/** The `Range` header of an upload that holds `size` bytes; an empty one says `0-0`. */
export function uploadRange(size: number): string {
  return `0-${Math.max(0, size - 1)}`;
}
