/**
 * The hash of a file on another core, behind those who write it.
 * @module
 */
import type { Digest, DigestAlgorithm } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { HashedFile } from "./hash_file.ts";
import { runElsewhere, runTask, WorkerFailure } from "./pool.ts";
import { WrittenMark } from "./written_mark.ts";

/** A file that is being written. */
export interface FollowedFile {
  /** Where it is. */
  readonly path: string;
  /** Bytes that are written. */
  readonly written: number;
  /** The end of the bytes that are written without a gap from a position on. */
  reach(position: number): number;
}

/** How to hash. */
export interface FollowingHashOptions extends Pick<OperationOptions, "signal" | "log"> {
  readonly algorithm: DigestAlgorithm;
}

/** Hashes a file while it is written. */
export class FollowingHash implements AsyncDisposable {
  readonly #file: FollowedFile;
  readonly #options: FollowingHashOptions;
  readonly #mark = new WrittenMark();
  readonly #stop = new AbortController();
  /** Why hashing failed, or what came of it. */
  readonly #hashing: Promise<HashedFile | { readonly failure: unknown }>;

  /** Begins with what is written already; disposing ends it. */
  constructor(file: FollowedFile, options: FollowingHashOptions) {
    this.#file = file;
    this.#options = options;
    const { signal = this.#stop.signal, algorithm } = options;
    this.#mark.reached(file.reach(0));
    const input = { path: file.path, algorithm, mark: this.#mark.memory };
    this.#hashing = runElsewhere("hashBehind", input, {
      signal: AbortSignal.any([signal, this.#stop.signal]),
      // Whoever finishes is told.
    }).catch((failure) => ({ failure }));
  }

  /** Memory of the mark, for a writer that moves it itself. */
  get mark(): SharedArrayBuffer {
    return this.#mark.memory;
  }

  /** Moves the mark to where the file is. */
  catchUp(): Promise<void> {
    this.#mark.reached(this.#file.reach(0));
    return Promise.resolve();
  }

  /** The digest of all bytes, when all are written. */
  async finish(): Promise<Digest> {
    const { path, written: size } = this.#file;
    const { algorithm, signal, log } = this.#options;
    this.#mark.reached(size);
    this.#mark.end();
    const hashed = await this.#hashing;
    if (!("failure" in hashed)) return hashed.digest;
    if (!(hashed.failure instanceof WorkerFailure)) throw hashed.failure;
    return (await runTask("hashFile", { path, algorithm }, { size, signal, log })).digest;
  }

  /** Ends hashing: nothing reads the file any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#hashing;
  }
}
