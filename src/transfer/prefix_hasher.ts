/**
 * The hash of a file that is written in parts, computed while it is written.
 * @module
 */
import { IntegrityError } from "../core/errors.ts";
import { CHUNK_SIZE } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import type { ContentHash } from "./content_check.ts";
import type { PartialFile } from "./partial_file.ts";

/** Hashes a partial file behind those who write it, in the order of its bytes. */
export class PrefixHasher implements AsyncDisposable {
  readonly #partial: PartialFile;
  readonly #hash: ContentHash;
  #file: Deno.FsFile | undefined;
  readonly #buffer = new Uint8Array(CHUNK_SIZE);
  #position = 0;
  #catchingUp: Promise<void> | undefined;

  /** Hashes `partial` with `hash`. */
  constructor(partial: PartialFile, hash: ContentHash) {
    this.#partial = partial;
    this.#hash = hash;
  }

  /** Takes the bytes that were just written at a position, when they are the next to be hashed. */
  add(position: number, bytes: Uint8Array): void {
    if (this.#catchingUp !== undefined || position !== this.#position) return;
    this.#hash.update(bytes);
    this.#position += bytes.byteLength;
  }

  /**
   * Hashes what is written up to the first byte that is missing, unless that is going on already.
   */
  async catchUp(signal?: AbortSignal): Promise<void> {
    if (this.#catchingUp !== undefined) return;
    try {
      await (this.#catchingUp = this.#readOn(signal));
    } finally {
      this.#catchingUp = undefined;
    }
  }

  /** Hashes what is left, when all is written. */
  async finish(signal?: AbortSignal): Promise<void> {
    // What went wrong goes wrong again below.
    await this.#catchingUp?.catch(() => undefined);
    await this.catchUp(signal);
  }

  /** Closes the file, when nothing reads it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever began to catch up is told of a failure.
    await this.#catchingUp?.catch(() => undefined);
    this.#file?.close();
  }

  async #readOn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#partial.reach(this.#position) === this.#position) return;
    // Not before there is something to read: a copy of a local file takes its place.
    const file = this.#file ??= await Deno.open(this.#partial.path, { read: true });
    await file.seek(this.#position, Deno.SeekMode.Start);
    for (;;) {
      const left = this.#partial.reach(this.#position) - this.#position;
      if (left === 0) return;
      signal?.throwIfAborted();
      const count = await file.read(this.#buffer.subarray(0, Math.min(left, CHUNK_SIZE)));
      if (count === null) {
        throw new IntegrityError(`Cannot read ${quote(this.#partial.path)}: cut short`);
      }
      this.#hash.update(this.#buffer.subarray(0, count));
      this.#position += count;
    }
  }
}
