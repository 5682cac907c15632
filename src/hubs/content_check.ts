/**
 * What a hub says about the content of a file, as something that bytes can be compared with.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { IntegrityError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { HubFile } from "./hub.ts";

/** A promise about content. */
export interface ContentCheck {
  /** Name of the hash for people. */
  readonly name: string;
  /** The promised hash in hexadecimal. */
  readonly expected: string;
  /** Starts a hash over the content. */
  start(): Hash;
}

/** The strongest promise that a hub makes about a file, `undefined` when it makes none. */
export function contentCheck({ sha256, gitSha1, size }: HubFile): ContentCheck | undefined {
  if (sha256 !== undefined) {
    return { name: "SHA-256", expected: sha256, start: () => createHash("sha256") };
  }
  if (gitSha1 === undefined || size === undefined) return undefined;
  return {
    name: "git object id",
    expected: gitSha1,
    // Git hashes a header with the size before the content.
    start: () => createHash("sha1").update(`blob ${size}\0`),
  };
}

/**
 * Compares the hash of what came with the one that was promised.
 * @throws {IntegrityError} with the wanted and the found value.
 */
export function checkContent(check: ContentCheck, hash: Hash, path: string): void {
  const actual = hash.copy().digest("hex");
  if (actual === check.expected) return;
  throw new IntegrityError(
    `Cannot accept ${quote(path)}: got ${check.name} ${actual}, want ${check.expected}`,
    { path, expected: check.expected, actual },
  );
}
