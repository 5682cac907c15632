/**
 * Digests of many parts of a file, which is read from its beginning to its end: a file in a
 * compressed layer has to be unpacked anew for each read.
 * @module
 */
import { type Digest, digestBytes, Digester, EMPTY_DIGEST } from "../../core/digest.ts";
import type { OnBytes } from "../../core/progress.ts";
import { collectInSeries } from "../../core/runtime/garbage.ts";
import type { BlobSource } from "../../core/content/source.ts";

/** A part of a file. */
export interface FilePart {
  /** Its first byte. */
  readonly start: number;
  /** How many bytes it has. */
  readonly bytes: number;
}

/** Bytes between two parts that are read rather than jumped over. */
const SMALL_GAP = 1024 * 1024;

/** Takes the digest of a part, by its place among the parts. */
export type TakeDigest = (part: number, digest: Digest) => void;

/**
 * Gives the digests of parts of a file to `take`, each once, as soon as the part was read. Bytes of
 * several parts are read for each of them. Memory: what one read gives.
 * @throws {InvalidInputError} when a part does not lie within the file.
 */
export async function rangeDigests(
  source: BlobSource,
  parts: readonly FilePart[],
  take: TakeDigest,
  { signal, onBytes }: { readonly signal?: AbortSignal; readonly onBytes?: OnBytes } = {},
): Promise<void> {
  for (const [index, { bytes }] of parts.entries()) if (bytes === 0) take(index, EMPTY_DIGEST);
  let done = 0;
  for (const run of runsOf(parts)) {
    const walk = new PartWalk(parts, run, take);
    for await (const chunk of await source.open({ range: walk.range, signal })) {
      signal?.throwIfAborted();
      done += walk.take(chunk);
      onBytes?.(done);
    }
  }
}

/** Parts that can be read in one go: one behind the other, with little between them. */
function runsOf(parts: readonly FilePart[]): readonly (readonly number[])[] {
  const runs: number[][] = [];
  let end = -Infinity;
  const inOrder = Array.from(parts.keys()).filter((index) => parts[index]!.bytes > 0)
    .sort((a, b) => parts[a]!.start - parts[b]!.start);
  for (const index of inOrder) {
    const { start, bytes } = parts[index]!;
    const gap = start - end;
    const run = gap >= 0 && gap <= SMALL_GAP ? runs.at(-1) : undefined;
    if (run === undefined) runs.push([index]);
    else run.push(index);
    end = start + bytes;
  }
  return runs;
}

/** Hashes the parts of one run while its bytes pass. */
class PartWalk {
  readonly #parts: readonly FilePart[];
  /** Places of the parts of this run among all. */
  readonly #run: readonly number[];
  readonly #take: TakeDigest;
  #position: number;
  #next = 0;
  /** Hashes a part that goes on in another chunk. */
  #digester: Digester | undefined;

  constructor(parts: readonly FilePart[], run: readonly number[], take: TakeDigest) {
    this.#parts = parts;
    this.#run = run;
    this.#take = take;
    this.#position = this.range.start;
  }

  /** From the first part to the end of the last one. */
  get range(): { readonly start: number; readonly end: number } {
    const [first, last] = [this.#part(0), this.#part(this.#run.length - 1)];
    return { start: first?.start ?? 0, end: last ? last.start + last.bytes : 0 };
  }

  /** Hashes the next bytes; returns how many of them belong to parts. */
  take(chunk: Uint8Array): number {
    const first = this.#position;
    let taken = 0;
    this.#position += chunk.byteLength;
    for (let part = this.#part(this.#next); part; part = this.#part(this.#next)) {
      const end = part.start + part.bytes;
      const bytes = chunk.subarray(
        Math.max(0, part.start - first),
        Math.max(0, Math.min(chunk.byteLength, end - first)),
      );
      taken += bytes.byteLength;
      if (end > this.#position) {
        (this.#digester ??= new Digester()).update(bytes);
        break;
      }
      this.#take(this.#run[this.#next++]!, this.#digestWith(bytes));
      collectInSeries(this.#next);
    }
    return taken;
  }

  #part(index: number): FilePart | undefined {
    return this.#parts[this.#run[index] ?? -1];
  }

  /** The digest of a part that ends with these bytes. */
  #digestWith(bytes: Uint8Array): Digest {
    const digester = this.#digester;
    // Most parts are small, and there are a hundred thousand of them.
    if (digester === undefined) return digestBytes(bytes);
    this.#digester = undefined;
    digester.update(bytes);
    return digester.digest();
  }
}
