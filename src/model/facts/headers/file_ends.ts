/**
 * Whether a file of weights ends where its own bytes say, for the formats whose headers nobody here
 * reads: the archives of PyTorch, and the HDF5 files of Keras.
 * @module
 */
import { readSource } from "../../../core/content/read_source.ts";
import type { BlobSource } from "../../../core/content/source.ts";

/** The end of a ZIP archive is in its last bytes, before a comment of at most 65,535. */
const ZIP_TAIL = 22 + 0xffff;

/** What a format begins with, and whether a file of it that has this beginning is whole. */
const ENDS: readonly (readonly [start: string, isWhole: WholeTest])[] = [
  ["PK\x03\x04", hasZipEnd],
  ["\x89HDF\r\n\x1a\n", hasHdf5End],
];

type WholeTest = (source: BlobSource, start: Uint8Array<ArrayBuffer>) => Promise<boolean>;

/** Bytes of a file that tell its format, and where HDF5 says that it ends. */
const START = 64;

/** Why a file cannot be whole, as a clause; `undefined` where its bytes do not tell. */
export async function cutFault(source: BlobSource): Promise<string | undefined> {
  if (source.size === 0) return "is empty";
  const range = { start: 0, end: Math.min(START, source.size) };
  const start = await readSource(source, { range });
  const text = String.fromCharCode(...start);
  const isWhole = ENDS.find(([beginning]) => text.startsWith(beginning))?.[1];
  if (isWhole === undefined || await isWhole(source, start)) return undefined;
  return "is cut: its end is missing";
}

/** See https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.16. */
async function hasZipEnd(source: BlobSource): Promise<boolean> {
  const range = { start: Math.max(0, source.size - ZIP_TAIL) };
  const tail = new TextDecoder("latin1").decode(await readSource(source, { range }));
  return tail.includes("PK\x05\x06");
}

/**
 * The superblock says where the file ends, in 8 bytes as files of this size have them.
 * See https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, II.A.
 */
async function hasHdf5End(
  source: BlobSource,
  start: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const version = start[8] ?? 0;
  const at = version > 1 ? 28 : 40 + 4 * version;
  if (start.byteLength < at + 8) return false;
  const width = version > 1 ? start[9] : start[13];
  if (width !== 8) return true;
  return new DataView(start.buffer).getBigUint64(at, true) <= BigInt(source.size);
}
