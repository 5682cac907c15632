/**
 * What a registry turned out not to do, remembered for as long as the client lives.
 * @module
 */

/** The size of a part where a registry refuses whole blobs: some take no more than 4 MiB at once. */
export const PART_SIZE = 4 * 1024 * 1024;

/** What was learned about one registry. */
export interface Quirks {
  /** Blobs larger than this many bytes have to be sent in parts. */
  wholeLimit: number;
  /** Whether the endpoint for referrers is missing, so that tags hold the lists. */
  noReferrers: boolean;
}

/** What is assumed of a registry that nothing is known about: that it follows the specification. */
export function noQuirks(): Quirks {
  return { wholeLimit: Infinity, noReferrers: false };
}
