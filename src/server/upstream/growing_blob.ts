/**
 * A blob on its way from an upstream registry into the store, and to the clients that wait for it:
 * it is fetched once, and each reads the file behind what is written.
 *
 * Clients get bytes before all of them were compared with the digest, so the last one is held back
 * until they were: nobody ever gets the whole of a wrong blob.
 * @module
 */
import { TransferError } from "../../core/errors.ts";
import { type BlobSource, type ByteRange, rangeBounds } from "../../core/content/source.ts";
import { CHUNK_SIZE } from "../../core/streams.ts";
import { unlessAborted } from "../../core/waiting/on_abort.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import {
  type ContentStore,
  type OpenContentOptions,
  storeSource,
  takenFrom,
} from "../../oci/store.ts";

/** Bytes that are held back until the digest was right. */
const HELD_BACK = 1;

/** Where the bytes are for the time being. */
interface Attempt {
  readonly path: string;
  /** Bytes from the beginning that are there. */
  reached: number;
}

/** A fetch that is under way, or was. */
export class GrowingBlob {
  readonly #blob: Descriptor;
  readonly #local: ContentStore;
  /** Settles when the blob is in the store, or is not to be had. */
  readonly finished: Promise<void>;
  #attempt: Attempt | undefined;
  #outcome: { readonly failure?: unknown } | undefined;
  /** Resolves with the next change. */
  #changed = Promise.withResolvers<void>();

  /** Starts to take a blob from `upstream` into `local`. */
  constructor(
    blob: Descriptor,
    { local, upstream, signal }: {
      readonly local: ContentStore;
      readonly upstream: ContentStore;
      readonly signal?: AbortSignal;
    },
  ) {
    this.#blob = blob;
    this.#local = local;
    // It is no part of anything larger: it comes in one stream, which others can follow.
    const source = this.#observed(storeSource(upstream, blob, Infinity));
    this.finished = takenFrom(upstream, blob, () => local.write(blob, source, { signal }));
    this.finished.then(() => this.#end({}), (failure) => this.#end({ failure }));
  }

  /** Size of the blob in bytes. */
  get size(): number {
    return this.#blob.size;
  }

  /**
   * Opens the blob, or a range of it, when some of it is there.
   * @throws what ends the fetch before that.
   */
  async open(options: OpenContentOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const bounds = rangeBounds(options.range, this.#blob.size);
    while (this.#attempt === undefined && this.#outcome === undefined) await this.#change(options);
    if (this.#outcome?.failure !== undefined) throw this.#outcome.failure;
    const chunks = this.#read(bounds, options);
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return();
      },
    }, { highWaterMark: 0 });
  }

  /** The source of the fetch, which tells where its bytes go. */
  #observed(source: BlobSource): BlobSource {
    const toFile = source.toFile?.bind(source);
    return {
      size: source.size,
      open: (options) => source.open(options),
      toFile: toFile && (async (path, options = {}) => {
        const start = options.range?.start ?? 0;
        const attempt = this.#begin(path, start);
        const onBytes = (bytes: number) => {
          attempt.reached = Math.max(attempt.reached, start + bytes);
          this.#tell();
          options.onBytes?.(bytes);
        };
        return await toFile(path, { ...options, onBytes });
      }),
    };
  }

  /** What goes on where it stopped is the same attempt, what begins anew is another one. */
  #begin(path: string, start: number): Attempt {
    const before = this.#attempt;
    const goesOn = before?.path === path && start > 0;
    if (!goesOn) this.#attempt = { path, reached: start };
    this.#tell();
    return this.#attempt!;
  }

  #end(outcome: { readonly failure?: unknown }): void {
    this.#outcome = outcome;
    this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** Waits for more bytes, or for the end. */
  async #change({ signal }: Pick<OpenContentOptions, "signal">): Promise<void> {
    await unlessAborted(this.#changed.promise, signal);
  }

  async *#read(
    { start, end }: Required<ByteRange>,
    options: OpenContentOptions,
  ): AsyncGenerator<Uint8Array, void> {
    const first = this.#attempt;
    let position = start;
    using file = first && openIfThere(first.path);
    while (position < end) {
      const available = Math.min(end, this.#readable(first)) - position;
      if (this.#outcome?.failure !== undefined) throw this.#outcome.failure;
      if (this.#attempt !== first && position > start) throw this.#begunAnew();
      if (file && available > 0) {
        const length = Math.min(available, options.pieceSize?.() ?? CHUNK_SIZE);
        const chunk = readAt(file, position, length);
        if (chunk.byteLength === 0) throw this.#begunAnew();
        position += chunk.byteLength;
        yield chunk;
      } else if (this.#outcome) {
        yield* await this.#local.open(this.#blob, { ...options, range: { start: position, end } });
        return;
      } else await this.#change(options);
    }
  }

  /** Bytes of an attempt that may be given away. */
  #readable(attempt: Attempt | undefined): number {
    if (attempt === undefined || attempt !== this.#attempt) return 0;
    return this.#outcome ? 0 : Math.min(attempt.reached, this.#blob.size - HELD_BACK);
  }

  #begunAnew(): TransferError {
    return new TransferError(
      `Cannot go on with ${this.#blob.digest}: what came of it was wrong, and it begins anew`,
    );
  }
}

/** A fetch that has just ended has taken its file away. */
function openIfThere(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function readAt(file: Deno.FsFile, position: number, length: number): Uint8Array {
  file.seekSync(position, Deno.SeekMode.Start);
  const chunk = new Uint8Array(length);
  const count = file.readSync(chunk) ?? 0;
  return chunk.subarray(0, count);
}
