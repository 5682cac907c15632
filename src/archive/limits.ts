/**
 * Limits of what may come out of a compressed stream or an archive, and of the memory that it takes
 * meanwhile, against those that are made to fill a disk.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { transformed } from "../core/streams.ts";
import { formatBytes } from "../core/text.ts";

/** Limits of archives and of what they unpack to; each has a default. */
export interface ArchiveLimits {
  /** Most entries of one archive. */
  readonly maxEntries?: number;
  /** How many times its own size a compressed stream may unpack to. */
  readonly maxRatio?: number;
  /** Most bytes that are written in all; no limit when absent. */
  readonly maxSize?: number;
  /** Most memory, in bytes, that a frame of zstd may want for its window; 2 GiB is the most. */
  readonly maxWindow?: number;
}

/** More entries than any model or bundle has. */
export const DEFAULT_ENTRIES = 1_000_000;

/** Weights hardly compress; the texts of a model do, to a tenth. */
export const DEFAULT_RATIO = 100;

/**
 * What `zstd -19` writes takes 8 MiB, and what `zstd --long=26` does 64. With 128 MiB, the most
 * that the program itself takes without being asked, a command needs more memory than it may have.
 */
export const DEFAULT_WINDOW = 64 * 1024 * 1024;

/** The largest window that zstd reads (`ZSTD_WINDOWLOG_MAX`): that of `zstd --long=31`. */
export const LARGEST_WINDOW = 2 * 1024 * 1024 * 1024;

/** Streams that unpack to no more than this are harmless, whatever their ratio. Bytes. */
const HARMLESS = 16 * 1024 * 1024;

/**
 * What each entry of an archive may add, in bytes: its header, and the block that a file takes of a
 * disk at least, whatever is in it. How many there may be is a limit of its own; a folder of
 * thousands of small files, which are much alike, packs to a thousandth.
 */
const ENTRY = 512 + 4096;

/** What is known of a compressed stream. */
export interface CompressedFacts {
  /** Its size in bytes, compressed. */
  readonly size: number;
  /** Size in bytes that it is said to unpack to; a limit is never below it. */
  readonly stated?: number;
  /** What messages call it. */
  readonly what: string;
  /** Entries that were met so far, where it is an archive. */
  readonly entries?: () => number;
}

/** Most bytes that something of these facts may become. */
export function expansionLimit(
  { size, stated = 0, entries }: CompressedFacts,
  { maxRatio = DEFAULT_RATIO }: ArchiveLimits,
): number {
  return Math.max(HARMLESS, size * maxRatio, stated * 1.01) + (entries?.() ?? 0) * ENTRY;
}

/** What to do where a limit is passed that a flag sets. */
export function raiseLimit(flag: `--${string}`): string {
  return `if you trust it, raise the limit with ${flag}`;
}

/** The error of what becomes more than its limit allows. */
export function expandsTooFar({ size, what }: CompressedFacts, limit: number): InvalidInputError {
  return new InvalidInputError(
    `Cannot unpack ${what}: its ${size} bytes become more than ${Math.floor(limit)}`,
    { expected: limit, remedy: raiseLimit("--max-ratio") },
  );
}

const REPACK = "have it packed again, as `zstd --long=26` does it at most";

/** A limit of windows, and what messages call what has one. */
export interface WindowLimit extends Pick<ArchiveLimits, "maxWindow"> {
  /** What messages call the compressed stream. */
  readonly what?: string;
}

/** The window of a frame, and what a decoder needs: no more than its content, if it is known. */
export interface FrameWindow {
  readonly window: number;
  readonly needed: number;
}

/**
 * Makes sure that a frame of zstd does not want more memory than it may have.
 * @throws {InvalidInputError} when it does.
 */
export function checkWindow(
  { window, needed }: FrameWindow,
  { maxWindow = DEFAULT_WINDOW, what = "zstd data" }: WindowLimit,
): void {
  const limit = Math.min(maxWindow, LARGEST_WINDOW);
  // The decoder refuses a header that names a larger one, whatever the frame holds.
  const found = needed > limit ? needed : window;
  if (needed <= limit && window <= LARGEST_WINDOW) return;
  throw new InvalidInputError(
    `Cannot unpack ${what}: it has a zstd window of ${found} bytes ` +
      `(${formatBytes(found)}), and the most is ${limit} (${formatBytes(limit)})`,
    {
      expected: limit,
      actual: found,
      remedy: found > LARGEST_WINDOW
        ? REPACK
        : `${raiseLimit(`--max-window ${found}`)}, or ${REPACK}`,
    },
  );
}

/**
 * Passes on what a compressed stream unpacks to.
 * @throws {InvalidInputError} as soon as it is more than the limit allows.
 */
export function limitedExpansion(
  stream: ReadableStream<Uint8Array>,
  facts: CompressedFacts,
  limits: ArchiveLimits,
): ReadableStream<Uint8Array> {
  return transformed(stream, async function* (bytes) {
    let unpacked = 0;
    for await (const chunk of bytes) {
      unpacked += chunk.byteLength;
      const limit = expansionLimit(facts, limits);
      if (unpacked > limit) throw expandsTooFar(facts, limit);
      yield chunk;
    }
  });
}
