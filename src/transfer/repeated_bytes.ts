/**
 * Bytes that an answer brings once more, because it begins before the position that was asked for.
 * @module
 */
import type { Hash } from "node:crypto";
import { IntegrityError } from "../core/errors.ts";
import { nodeCrypto } from "../core/runtime/builtins.ts";
import { quote } from "../core/text.ts";

/** Drops what came before, and compares it with that where nobody else verifies the content. */
export class RepeatedBytes {
  readonly #what: string;
  /** Hash of all bytes handed on, and of those that an answer repeats. */
  readonly #read: Hash | undefined;
  #repeating: Hash | undefined;
  #left = 0;

  /** `what` is what a person calls the content. */
  constructor(what: string, { compare }: { readonly compare: boolean }) {
    this.#what = what;
    this.#read = compare ? nodeCrypto().createHash("sha256") : undefined;
  }

  /** Begins with an answer that repeats so many bytes. */
  begin(count: number): void {
    this.#left = count;
    this.#repeating = this.#read && nodeCrypto().createHash("sha256");
  }

  /** Bytes that are still to be repeated. */
  get left(): number {
    return this.#left;
  }

  /**
   * The rest of a chunk after what came before.
   * @throws {IntegrityError} when that is not what came before.
   */
  drop(chunk: Uint8Array): Uint8Array {
    const count = Math.min(this.#left, chunk.byteLength);
    if (count === 0) return chunk;
    this.#left -= count;
    this.#repeating?.update(chunk.subarray(0, count));
    const differs = this.#left === 0 && this.#repeating !== undefined &&
      this.#repeating.digest("hex") !== this.#read?.copy().digest("hex");
    if (!differs) return chunk.subarray(count);
    throw new IntegrityError(`Cannot accept ${quote(this.#what)}: it changed while it was read`);
  }

  /** Takes note of bytes that are handed on. */
  add(bytes: Uint8Array): void {
    this.#read?.update(bytes);
  }
}
