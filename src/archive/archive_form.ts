/**
 * How the file of an archive is packed, by its first bytes: names say it, but not always the truth.
 * @module
 */
import { type Compression, COMPRESSIONS } from "./compression.ts";

/** Bytes at the start of a file that tell its form. */
export const FORM_SIZE = 6;

/** A tar in a compression that is read, or the name of a form that is none. */
export type ArchiveForm =
  | { readonly compression: Compression }
  | { readonly foreign: string };

/** Forms by their first bytes; what has none of these is taken for a tar as it is. */
const FORMS: readonly (readonly [start: string, form: ArchiveForm])[] = [
  ["\x28\xb5\x2f\xfd", { compression: COMPRESSIONS.zstd }],
  ["\x1f\x8b", { compression: COMPRESSIONS.gzip }],
  ["BZh", { foreign: "a bzip2 file" }],
  ["\xfd7zXZ", { foreign: "an xz file" }],
  ["\x04\x22\x4d\x18", { foreign: "an lz4 file" }],
  ["PK\x03\x04", { foreign: "a zip file" }],
  ["PK\x05\x06", { foreign: "a zip file" }],
  ["7z\xbc\xaf", { foreign: "a 7z file" }],
  ["Rar!", { foreign: "a rar file" }],
];

/** The form of a file that starts with these bytes. */
export function archiveForm(start: Uint8Array): ArchiveForm {
  const text = String.fromCharCode(...start.subarray(0, FORM_SIZE));
  if (isSkippedFrame(text)) return { compression: COMPRESSIONS.zstd };
  return FORMS.find(([start]) => text.startsWith(start))?.[1] ?? { compression: COMPRESSIONS.none };
}

/** Whether a zstd frame begins that decoders skip: parallel writers put one first (RFC 8878). */
function isSkippedFrame(text: string): boolean {
  return (text.charCodeAt(0) & 0xf0) === 0x50 && text.startsWith("\x2a\x4d\x18", 1);
}
