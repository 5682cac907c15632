/**
 * The digest of a file that is written in parts, computed while it is written.
 * @module
 */
import { type Digest, Digester } from "../core/digest.ts";
import { IntegrityError } from "../core/errors.ts";
import { CHUNK_SIZE } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import type { PartialFile } from "./partial_file.ts";
import type { Part } from "./parts.ts";

/** Hashes a partial file behind those who write it, in the order of its bytes. */
export class PrefixHasher implements Disposable {
  readonly #partial: PartialFile;
  readonly #file: Deno.FsFile;
  readonly #digester = new Digester();
  readonly #buffer = new Uint8Array(CHUNK_SIZE);
  #next = 0;
  #busy = false;

  /** Opens the file for reading; disposing closes it. */
  constructor(partial: PartialFile) {
    this.#partial = partial;
    this.#file = Deno.openSync(partial.path, { read: true });
  }

  /** Hashes what is complete up to the first part that is missing, unless that is going on already. */
  async catchUp(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let part = this.#ready(); part !== undefined; part = this.#ready()) {
        await this.#hash(part.end - part.start);
        this.#next++;
      }
    } finally {
      this.#busy = false;
    }
  }

  /** The digest of what is hashed so far. */
  digest(): Digest {
    return this.#digester.digest();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #ready(): Part | undefined {
    const part = this.#partial.parts[this.#next];
    return part !== undefined && this.#partial.has(part) ? part : undefined;
  }

  async #hash(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      const count = await this.#file.read(this.#buffer.subarray(0, Math.min(left, CHUNK_SIZE)));
      if (count === null) {
        throw new IntegrityError(`Cannot read ${quote(this.#partial.path)}: cut short`);
      }
      this.#digester.update(this.#buffer.subarray(0, count));
      left -= count;
    }
  }
}
