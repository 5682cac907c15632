/**
 * The hashes of uploads, which may come in several pieces.
 * @module
 */
import { type Digest, Digester } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { type FollowedFile, FollowingHash } from "../../work/following_hash.ts";
import { CORES, runsElsewhere } from "../../work/pool.ts";

/** Unfinished uploads whose hashes are remembered; older ones are read again at their end. */
const REMEMBERED = 1024;

/** Bytes of a piece after which another core hashes it: few are hashed sooner than it starts. */
const LARGE = 8 * 1024 * 1024;

/** Pieces that other cores hash at once; one thread does not receive more than they can hash. */
const ELSEWHERE = 8;

/** The hashes of unfinished uploads of this process, by upload id. */
export class IngestHashes {
  readonly #byId = new Map<string, IngestHash>();

  /** The hash of an upload: the one that has seen its bytes, or a fresh one. */
  of(id: string): IngestHash {
    const hash = this.#byId.get(id) ?? new IngestHash();
    this.#byId.delete(id);
    this.#byId.set(id, hash);
    const oldest = this.#byId.keys().next().value;
    if (this.#byId.size > REMEMBERED && oldest !== undefined) this.#byId.delete(oldest);
    return hash;
  }
}

/** The SHA-256 of what has come of an upload, as far as it was seen. */
export class IngestHash {
  readonly #digester = new Digester();
  /** What another core has found. */
  #known: { readonly size: number; readonly digest: Digest } | undefined;

  /** The digest of the first `size` bytes; `undefined` where not just these were seen. */
  digestOf(size: number): Digest | undefined {
    if (this.#digester.size === size) return this.#digester.digest();
    return this.#known?.size === size ? this.#known.digest : undefined;
  }

  /** Follows a file to which a piece is added. */
  follow(file: FollowedFile, options: FollowOptions): PieceHash {
    const know = (digest: Digest) => this.#known = { size: file.written, digest };
    return new PieceHash(file, this.#digester, { ...options, know });
  }
}

/** How to hash a piece. */
interface FollowOptions extends Pick<OperationOptions, "signal" | "log"> {
  /** Whether it is all that is still to come: then another core may hash the file to its end. */
  readonly isRest: boolean;
}

/** Pieces that are hashed on other cores now. */
let followed = 0;

/** Hashes the bytes of one piece; disposing ends it. */
class PieceHash implements AsyncDisposable {
  readonly #file: FollowedFile;
  readonly #digester: Digester;
  readonly #options: FollowOptions & { readonly know: (digest: Digest) => void };
  #elsewhere: FollowingHash | undefined;
  #bytes = 0;

  constructor(
    file: FollowedFile,
    digester: Digester,
    options: FollowOptions & { readonly know: (digest: Digest) => void },
  ) {
    this.#file = file;
    this.#digester = digester;
    this.#options = options;
  }

  /** Tells of bytes that are written, in the order of the file. */
  async wrote(chunk: Uint8Array): Promise<void> {
    this.#bytes += chunk.byteLength;
    if (this.#elsewhere) return await this.#elsewhere.catchUp();
    // A gap cannot be filled later: without it there is nothing to gain from the rest.
    if (this.#digester.size + chunk.byteLength === this.#file.written) this.#digester.update(chunk);
    if (this.#bytes < LARGE || !this.#options.isRest) return;
    if (CORES === 1 || followed >= ELSEWHERE || !runsElsewhere(this.#bytes)) return;
    followed++;
    this.#elsewhere = new FollowingHash(this.#file, { ...this.#options, algorithm: "sha256" });
  }

  /** Waits for the hash of all that was written. */
  async finish(): Promise<void> {
    if (this.#elsewhere) this.#options.know(await this.#elsewhere.finish());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#elsewhere) return;
    await this.#elsewhere[Symbol.asyncDispose]();
    this.#elsewhere = undefined;
    followed--;
  }
}
