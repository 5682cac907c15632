/**
 * SHA-256 digests by numbers. As texts a hundred thousand of them take three times as much memory,
 * and as objects of their own bytes ten times.
 * @module
 */
import { type Digest, digestHex } from "../../core/digest.ts";

/** Words of 32 bits of a digest, and the hexadecimal digits of each. */
const WORDS = 8;
const DIGITS = 8;

/** A digest for each number from 0 to below a length. */
export class DigestTable {
  readonly #words: Uint32Array;

  /** All digests are zeros. */
  constructor(length: number) {
    this.#words = new Uint32Array(length * WORDS);
  }

  /** Notes the digest of a number. */
  set(number: number, digest: Digest): void {
    const hex = digestHex(digest);
    for (let word = 0; word < WORDS; word++) {
      this.#words[number * WORDS + word] = wordOf(hex, word);
    }
  }

  /** Whether it is the digest of a number. */
  has(number: number, digest: Digest): boolean {
    const hex = digestHex(digest);
    for (let word = 0; word < WORDS; word++) {
      if (this.#words[number * WORDS + word] !== wordOf(hex, word)) return false;
    }
    return true;
  }
}

function wordOf(hex: string, word: number): number {
  return parseInt(hex.slice(word * DIGITS, (word + 1) * DIGITS), 16);
}
