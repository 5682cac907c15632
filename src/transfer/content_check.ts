/**
 * What somebody promised about content, as something that bytes can be compared with.
 * @module
 */
import { type Digest, type DigestAlgorithm, digestAlgorithm, Digester } from "../core/digest.ts";
import { IntegrityError } from "../core/errors.ts";

/** A hash over bytes as they pass. */
export interface ContentHash {
  /** Adds the next bytes. */
  update(bytes: Uint8Array): void;
  /** The hash of all bytes so far, in the form of the promise. */
  digest(): string;
}

/** A promise about content. */
export interface ContentCheck {
  /** Name of the hash for people. */
  readonly name: string;
  /** The promised hash. */
  readonly expected: string;
  /** The algorithm, where the hash is a digest of the content alone. */
  readonly algorithm?: DigestAlgorithm;
  /** Starts a hash over the content. */
  start(): ContentHash;
}

/** The promise that a digest makes. */
export function digestCheck(digest: Digest): ContentCheck {
  return {
    name: "digest",
    expected: digest,
    algorithm: digestAlgorithm(digest),
    start: () => new Digester(digestAlgorithm(digest)),
  };
}

/**
 * Compares the hash of what came with the one that was promised.
 * @throws {IntegrityError} with the wanted and the found value.
 */
export function checkContent(
  { name, expected }: ContentCheck,
  actual: string,
  what: string,
): void {
  if (actual === expected) return;
  throw new IntegrityError(
    `Cannot accept ${what}: got ${name} ${actual}, want ${expected}`,
    { expected, actual },
  );
}
