/**
 * The size that an object has to have.
 * @module
 */
import { IntegrityError } from "../core/errors.ts";
import { quoteUri } from "./object_uri.ts";

/**
 * Compares the size of an object with the one that it has to have; nothing is known of one that is
 * absent.
 * @throws {IntegrityError} when they differ.
 */
export function checkObjectSize(
  uri: string,
  actual: number | undefined,
  expected: number | undefined,
): void {
  if (actual === undefined || expected === undefined || actual === expected) return;
  throw wrongObjectSize(uri, actual, expected);
}

/** The error for an object of another size. */
export function wrongObjectSize(
  uri: string,
  actual: number | string,
  expected: number,
): IntegrityError {
  return new IntegrityError(
    `Cannot accept ${quoteUri(uri)}: got ${actual} bytes, want ${expected}`,
    { expected, actual },
  );
}
