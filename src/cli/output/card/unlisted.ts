/**
 * What is said of weight files whose tensors are not listed.
 * @module
 */
import type { UnlistedFile } from "../../../model/facts/facts.ts";
import { countOf } from "../format.ts";

/** Paths that are named; of more, how many they are. */
const MOST_NAMED = 10;

/**
 * A sentence of the files whose tensors are missing, and how many those are as far as it is known.
 */
export function unlistedText(unlisted: readonly UnlistedFile[]): string {
  const counted = unlisted.reduce((sum, { tensorCount = 0 }) => sum + tensorCount, 0);
  const names = unlisted.slice(0, MOST_NAMED).map(({ file }) => file);
  const more = unlisted.length - names.length;
  return `The tensors of ${countOf(unlisted.length, "file")} are not listed` +
    `${counted === 0 ? "" : `, ${countOf(counted, "tensor")} or more`}: ${names.join(", ")}` +
    (more === 0 ? "" : ` and ${more} more`);
}
