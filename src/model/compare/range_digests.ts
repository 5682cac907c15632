/**
 * Digests of many parts of a file, which is read from its beginning to its end: a file in a
 * compressed layer has to be unpacked anew for each read.
 * @module
 */
import { type Digest, digestBytes, Digester, EMPTY_DIGEST } from "../../core/digest.ts";
import type { OnBytes } from "../../core/progress.ts";
import { collectGarbage } from "../../core/runtime/garbage.ts";
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

/**
 * The digests of parts of a file, in the order of the parts. Bytes of several parts are read for
 * each of them. Memory: what one read gives.
 * @throws {InvalidInputError} when a part does not lie within the file.
 */
export async function rangeDigests(
  source: BlobSource,
  parts: readonly FilePart[],
  { signal, onBytes }: { readonly signal?: AbortSignal; readonly onBytes?: OnBytes } = {},
): Promise<readonly Digest[]> {
  const digests = new Map<FilePart, Digest>();
  let done = 0;
  for (const run of runsOf(parts)) {
    const walk = new PartWalk(run, digests);
    for await (const chunk of await source.open({ range: walk.range, signal })) {
      signal?.throwIfAborted();
      done += walk.take(chunk);
      onBytes?.(done);
      // A chunk may have the bytes of a hundred thousand parts.
      collectGarbage();
    }
  }
  return parts.map((part) => digests.get(part) ?? EMPTY_DIGEST);
}

/** Parts that can be read in one go: one behind the other, with little between them. */
function runsOf(parts: readonly FilePart[]): readonly (readonly FilePart[])[] {
  const runs: FilePart[][] = [];
  let end = -Infinity;
  const inOrder = parts.filter(({ bytes }) => bytes > 0).sort((a, b) => a.start - b.start);
  for (const part of inOrder) {
    const gap = part.start - end;
    const run = gap >= 0 && gap <= SMALL_GAP ? runs.at(-1) : undefined;
    if (run === undefined) runs.push([part]);
    else run.push(part);
    end = part.start + part.bytes;
  }
  return runs;
}

/** Hashes the parts of one run while its bytes pass. */
class PartWalk {
  readonly #parts: readonly FilePart[];
  readonly #digests: Map<FilePart, Digest>;
  #position: number;
  #index = 0;
  /** Hashes a part that goes on in another chunk. */
  #digester: Digester | undefined;

  constructor(parts: readonly FilePart[], digests: Map<FilePart, Digest>) {
    this.#parts = parts;
    this.#digests = digests;
    this.#position = parts[0]?.start ?? 0;
  }

  /** From the first part to the end of the last one. */
  get range(): { readonly start: number; readonly end: number } {
    const last = this.#parts.at(-1);
    return { start: this.#parts[0]?.start ?? 0, end: last ? last.start + last.bytes : 0 };
  }

  /** Hashes the next bytes; returns how many of them belong to parts. */
  take(chunk: Uint8Array): number {
    const first = this.#position;
    let taken = 0;
    this.#position += chunk.byteLength;
    for (let part = this.#parts[this.#index]; part; part = this.#parts[this.#index]) {
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
      this.#digests.set(part, this.#digestWith(bytes));
      this.#index++;
    }
    return taken;
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
