/**
 * The hash of a file on another core, behind those who write it.
 * @module
 */
import type { Digest, DigestAlgorithm } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { HashedFile } from "../work/hash_file.ts";
import { runElsewhere, runTask, WorkerFailure } from "../work/pool.ts";
import { WrittenMark } from "../work/written_mark.ts";
import type { PartialFile } from "./partial_file.ts";

/** How to hash. */
export interface FollowingHashOptions extends Pick<OperationOptions, "signal" | "log"> {
  readonly algorithm: DigestAlgorithm;
}

/** Hashes a partial file while it is written. */
export class FollowingHash implements AsyncDisposable {
  readonly #partial: PartialFile;
  readonly #options: FollowingHashOptions;
  readonly #mark = new WrittenMark();
  readonly #stop = new AbortController();
  /** Why hashing failed, or what came of it. */
  readonly #hashing: Promise<HashedFile | { readonly failure: unknown }>;

  /** Begins with what is written already; disposing ends it. */
  constructor(partial: PartialFile, options: FollowingHashOptions) {
    this.#partial = partial;
    this.#options = options;
    const { signal = this.#stop.signal, algorithm } = options;
    this.#mark.reached(partial.reach(0));
    const input = { path: partial.path, algorithm, mark: this.#mark.memory };
    this.#hashing = runElsewhere("hashBehind", input, {
      signal: AbortSignal.any([signal, this.#stop.signal]),
      // Whoever finishes is told.
    }).catch((failure) => ({ failure }));
  }

  /** Memory of the mark, for a writer that moves it itself. */
  get mark(): SharedArrayBuffer {
    return this.#mark.memory;
  }

  /** Moves the mark to where the partial file is. */
  catchUp(): Promise<void> {
    this.#mark.reached(this.#partial.reach(0));
    return Promise.resolve();
  }

  /** The digest of all bytes, when all are written. */
  async finish(): Promise<Digest> {
    const { path, written: size } = this.#partial;
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
