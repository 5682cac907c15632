/**
 * Large content in parts of bounded size, for blocks that go up and ranges that come down.
 * @module
 */
const MIB = 1024 * 1024;
const SMALLEST = 8 * MIB;
const LARGEST = 64 * MIB;

/** Most parts of one object: the limit of blocks of an Azure blob. */
const MOST_PARTS = 50_000;

/** Parts that are under way at once when nobody says otherwise. */
export const PARTS_AT_ONCE = 4;

/** A part of a content: from byte `start` up to, not including, byte `end`. */
export interface Part {
  /** Position among the parts, from 0. */
  readonly index: number;
  /** First byte. */
  readonly start: number;
  /** Byte after the last one. */
  readonly end: number;
}

/**
 * The size of the parts of a content, in bytes: 8 MiB, growing with the content to 64 MiB so that
 * there are about a thousand; beyond 3 TiB whatever keeps them at 50 000.
 */
export function partSize(size: number): number {
  const wanted = Math.min(LARGEST, Math.max(SMALLEST, size / 1000));
  return Math.ceil(Math.max(wanted, size / MOST_PARTS) / MIB) * MIB;
}

/** The parts of a content of `size` bytes, in order; none when it is empty. */
export function partsOf(size: number, length: number = partSize(size)): Part[] {
  return Array.from({ length: Math.ceil(size / length) }, (_, index) => ({
    index,
    start: index * length,
    end: Math.min(size, (index + 1) * length),
  }));
}
