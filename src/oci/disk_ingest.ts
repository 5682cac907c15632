/**
 * Content on its way into the local store: a file in `_uploads` that gets its final name when its
 * digest is known to be right.
 * @module
 */
import { giveBack } from "../core/buffers.ts";
import { basename, join } from "../core/runtime/path.ts";
import { type Digest, digestAlgorithm } from "../core/digest.ts";
import { ConflictError, IntegrityError } from "../core/errors.ts";
import { removeIfExists, writeFully } from "../core/files.ts";
import { explainWrite } from "../core/file_errors.ts";
import { checkRoom } from "../core/folders/room.ts";
import type { OperationOptions } from "../core/operation.ts";
import { checkDigest } from "../core/content/expected_content.ts";
import type { BlobSource } from "../core/content/source.ts";
import { quote } from "../core/text.ts";
import { Flusher } from "../work/flusher.ts";
import type { FollowedFile } from "../work/following_hash.ts";
import { runTask } from "../work/pool.ts";
import { WORTH_A_WORKER } from "../work/task.ts";
import type { AppendOptions, Ingest } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import type { IngestHash } from "./disk/ingest_hashes.ts";
import { anonymousBlob } from "./store.ts";

/** What an ingest is made with. */
export interface DiskIngestOptions {
  /** The hash of the bytes so far; bytes it has not seen are read again at the end. */
  readonly hash: IngestHash;
  /** Keeps a file whose digest is known to be right, by moving it; what stays here is removed. */
  readonly keep: (file: string, blob: Descriptor, options: OperationOptions) => Promise<void>;
}

/**
 * An upload folder, `<repository>/_uploads/<uuid>`, with the bytes in `data`, which is locked and
 * open; bytes that were taken from a source which writes them itself are in `taken`.
 */
export class DiskIngest implements Ingest {
  readonly id: string;
  readonly #folder: string;
  readonly #file: Deno.FsFile;
  /** The file with the bytes. */
  #path: string;
  readonly #hash: IngestHash;
  readonly #keep: DiskIngestOptions["keep"];
  #size: number;
  /** Digest of the bytes, where it is known without a digester. */
  #known: Digest | undefined;
  #open = true;

  private constructor(
    folder: string,
    file: Deno.FsFile,
    options: DiskIngestOptions & { readonly size: number },
  ) {
    this.id = basename(folder);
    this.#folder = folder;
    this.#path = join(folder, "data");
    this.#file = file;
    this.#hash = options.hash;
    this.#keep = options.keep;
    this.#size = options.size;
  }

  /** Makes the upload folder `<uploads>/<id>` and starts an ingest in it. */
  static async create(
    uploads: string,
    id: string,
    options: DiskIngestOptions,
  ): Promise<DiskIngest> {
    const folder = join(uploads, id);
    await startUpload(folder);
    try {
      return await DiskIngest.open(uploads, id, options);
    } catch (error) {
      await abandon(folder);
      throw explainWrite(folder, error);
    }
  }

  /**
   * Takes up the ingest in `<uploads>/<id>`.
   * @throws {ConflictError} when somebody else is writing to it.
   */
  static async open(uploads: string, id: string, options: DiskIngestOptions): Promise<DiskIngest> {
    const folder = join(uploads, id);
    const file = await Deno.open(join(folder, "data"), { read: true, write: true, create: true });
    try {
      if (!await file.tryLock(true)) {
        throw new ConflictError(`Cannot write upload ${quote(id)}: it is in use`);
      }
      const size = await file.seek(0, Deno.SeekMode.End);
      return new DiskIngest(folder, file, { ...options, size });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  async append(
    stream: ReadableStream<Uint8Array>,
    { isRest = false, ...options }: AppendOptions = {},
  ): Promise<void> {
    const file = this.#written();
    await using hash = this.#hash.follow(file, { ...options, isRest });
    // A tag that needs this waits for the disk: what is on its way already takes no time then.
    await using flusher = new Flusher(this.#file);
    for await (const chunk of stream) {
      options.signal?.throwIfAborted();
      try {
        writeFully(this.#file, chunk);
      } catch (error) {
        // A part of the chunk may be on the disk: take it back, so that size and digest stay true.
        await this.#file.truncate(this.#size);
        await this.#file.seek(this.#size, Deno.SeekMode.Start);
        throw explainWrite(this.#path, error);
      }
      this.#size += chunk.byteLength;
      await hash.wrote(chunk);
      giveBack(chunk);
      flusher.wrote(chunk.byteLength);
    }
    try {
      await flusher.idle();
    } catch (error) {
      throw explainWrite(this.#path, error);
    }
    await hash.finish();
  }

  /** What is written, for who hashes it. */
  #written(): FollowedFile {
    const size = () => this.#size;
    return {
      path: this.#path,
      get written() {
        return size();
      },
      reach: size,
    };
  }

  async take(source: BlobSource, options: OperationOptions = {}): Promise<Digest> {
    const { signal } = options;
    if (source.toFile === undefined || source.size < WORTH_A_WORKER) {
      const { size } = source;
      await checkRoom(this.#folder, { most: size, exact: () => size });
      await this.append(await source.open({ signal }), options);
      return await this.#digest(undefined, options);
    }
    const path = join(this.#folder, "taken");
    (await Deno.open(path, { write: true, create: true })).close();
    this.#path = path;
    this.#known = await source.toFile(path, { algorithm: "sha256", flush: true, signal });
    this.#size = (await Deno.stat(path)).size;
    return await this.#digest(undefined, options);
  }

  async commit(expected?: Digest, options: OperationOptions = {}): Promise<Descriptor> {
    const path = this.#path;
    try {
      const digest = await this.#digest(expected, options);
      if (expected) checkDigest(expected, digest);
      this.#close();
      const blob = anonymousBlob(digest, this.#size);
      await this.#keep(path, blob, options);
      await this.abort();
      return blob;
    } catch (error) {
      // Wrong bytes cannot be put right; after any other failure the upload can be taken up again.
      if (error instanceof IntegrityError) await this.abort();
      throw explainWrite(path, error);
    }
  }

  async #digest(expected: Digest | undefined, options: OperationOptions): Promise<Digest> {
    const algorithm = expected ? digestAlgorithm(expected) : "sha256";
    const known = this.#known ?? this.#hash.digestOf(this.#size);
    if (algorithm === "sha256" && known !== undefined) return known;
    const { signal, log } = options;
    const running = { signal, log, size: this.#size };
    return (await runTask("hashFile", { path: this.#path, algorithm }, running)).digest;
  }

  async abort(): Promise<void> {
    this.#close();
    await removeIfExists(this.#folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }
}

/** Makes the folder of an upload, as the stock registry does it. */
export async function startUpload(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "startedat"), startedAt());
  } catch (error) {
    await abandon(folder);
    throw explainWrite(folder, error);
  }
}

/** Removes what was begun in vain: nobody knows its name, so nobody would go on with it. */
async function abandon(folder: string): Promise<void> {
  // Why it was in vain says more than why it stays, until pruning frees it.
  await removeIfExists(folder).catch(() => undefined);
}

/** The time now as the registry's own uploads record it: RFC 3339 in UTC, whole seconds. */
function startedAt(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
