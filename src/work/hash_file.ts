/**
 * The digest of a file, or of a part of it.
 * @module
 */
import { type Digest, type DigestAlgorithm, Digester } from "../core/digest.ts";
import { otherWork, type TaskControl } from "./task.ts";

/** What to hash. */
export interface HashFileInput {
  /** Path of the file. */
  readonly path: string;
  /** First byte; 0 when absent. */
  readonly start?: number;
  /** Byte after the last one; the end of the file when absent. */
  readonly end?: number;
  /** SHA-256 when absent. */
  readonly algorithm?: DigestAlgorithm;
}

/** What was hashed. */
export interface HashedFile {
  readonly digest: Digest;
  /** Count of the bytes that were read. */
  readonly size: number;
}

/** Bytes that are read and hashed at once: reads of 1 MiB, which no cache holds, cost 6 % more. */
export const HASHED_AT_ONCE = 256 * 1024;

/** Chunks between two pauses: 16 MiB take about 10 ms. */
export const CHUNKS_PER_PAUSE = 64;

/** Hashes a file; the result has fewer bytes than asked for when the file is shorter. */
export async function hashFile(input: HashFileInput, control: TaskControl): Promise<HashedFile> {
  using file = Deno.openSync(input.path, { read: true });
  const { start = 0, end = Infinity } = input;
  if (start > 0) file.seekSync(start, Deno.SeekMode.Start);
  const digester = new Digester(input.algorithm);
  const buffer = new Uint8Array(HASHED_AT_ONCE);
  for (let chunks = 1;; chunks++) {
    control.throwIfStopped();
    // Synchronous on purpose: awaiting each read costs a tenth of the speed, and nobody else waits
    // here.
    const wanted = buffer.subarray(0, Math.min(HASHED_AT_ONCE, end - start - digester.size));
    const count = wanted.byteLength === 0 ? null : file.readSync(wanted);
    if (count === null) return { digest: digester.digest(), size: digester.size };
    digester.update(wanted.subarray(0, count));
    control.advance(count);
    if (chunks % CHUNKS_PER_PAUSE === 0) await otherWork();
  }
}
