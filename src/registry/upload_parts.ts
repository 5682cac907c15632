/**
 * In which bodies an upload is sent, and how large they may be.
 * @module
 */
import { type RegistryLimits, SMALLEST_BODY } from "./known_registries.ts";

const MIB = 1024 * 1024;

/** Parts need not be smaller than this: losing one costs little. */
export const PART_SIZE = 4 * MIB;

/** Sizes that are tried one after the other where bodies are refused for their size. */
const SMALLER = [32 * MIB, PART_SIZE, MIB, SMALLEST_BODY];

/** Blobs up to this size are sent again as a whole where a lost body is lost to its last byte. */
const SENT_AGAIN = 64 * MIB;

/** What is lost with a part may be one of so many of the blob. */
const LOST_SHARE = 64;

/**
 * The next size to try after a body of so many bytes was refused; none below the last one. What a
 * registry says to be the least holds as long as it does not refuse that.
 */
export function smallerBody(
  refused: number,
  { leastPart = 0 }: RegistryLimits,
): number | undefined {
  const smaller = SMALLER.find((size) => size < refused);
  return smaller !== undefined && leastPart < refused ? Math.max(smaller, leastPart) : smaller;
}

/** A request that carries bytes of a blob. */
export interface UploadStep {
  /** Its first byte. */
  readonly start: number;
  /** The byte after its last one. */
  readonly end: number;
  /** Whether it also ends the upload. */
  readonly last: boolean;
}

/** The request that comes next where a registry has the first `start` bytes of a blob. */
export function nextStep(size: number, start: number, limits: RegistryLimits): UploadStep {
  const limit = largestPart(size, limits);
  if (start === size || start === 0 && size <= limit) return { start, end: size, last: true };
  return { start, end: Math.min(size, start + limit), last: false };
}

/** The most bytes of a blob that go into one body. */
function largestPart(
  size: number,
  { largestBody = Infinity, leastPart = 0, wholeOnly = false, keeps }: RegistryLimits,
): number {
  if (wholeOnly) return Infinity;
  // A registry that keeps finished parts alone gets parts, so that a lost connection costs one.
  const share = keeps === "parts" && size > SENT_AGAIN ? Math.ceil(size / LOST_SHARE) : Infinity;
  return Math.min(largestBody, Math.max(share, leastPart));
}
