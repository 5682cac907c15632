/**
 * Contents compared with what they should be.
 * @module
 */
import { type Digest, digestAlgorithm, digestDocument } from "../digest.ts";
import { IntegrityError } from "../errors.ts";

/** What a content should be. */
export interface ExpectedContent {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * Compares the size of a content with what it should be.
 * @throws {IntegrityError} with the wanted and the found size.
 */
export function checkSize(actual: number, expected: number, what: string): void {
  if (actual === expected) return;
  const found = actual > expected ? `more than ${expected}` : `${actual}`;
  throw new IntegrityError(`Cannot accept ${what}: got ${found} bytes, want ${expected}`, {
    expected,
    actual,
  });
}

/**
 * Compares bytes in memory with what they should be.
 * @throws {IntegrityError} with the wanted and the found value.
 */
export async function checkContent(
  bytes: Uint8Array<ArrayBuffer>,
  expected: ExpectedContent,
  what: string,
): Promise<void> {
  checkSize(bytes.byteLength, expected.size, what);
  checkDigest(expected.digest, await digestDocument(bytes, digestAlgorithm(expected.digest)), what);
}

/**
 * Compares the digest that was computed with the one that was promised.
 * @throws {IntegrityError} with the wanted and the found value.
 */
export function checkDigest(expected: Digest, actual: Digest, what: string = expected): void {
  if (actual === expected) return;
  throw new IntegrityError(
    `Cannot accept ${what}: got digest ${actual}, want ${expected}`,
    { expected, actual },
  );
}
