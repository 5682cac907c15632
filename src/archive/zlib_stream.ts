/**
 * The transforms of `node:zlib` over web streams, with backpressure, cancellation and their own
 * errors.
 * @module
 */
import type { Transform } from "node:stream";
import { IntegrityError } from "../core/errors.ts";
import { collectGarbage } from "../core/runtime/garbage.ts";
import { transformed } from "../core/streams.ts";
import { LITTLE_MEMORY, memoryTurn } from "./memory_turns.ts";

/** Prepares chunks for a transform. */
export interface Splitter {
  /** The pieces that may be written now that `chunk` has come. */
  split(chunk: Uint8Array): Iterable<Uint8Array>;
  /** What is left when no more chunks come; throws when something is missing. */
  end(): Iterable<Uint8Array> | void;
  /** Bytes that the transform needs for the piece that came last; few when absent. */
  readonly memory?: number;
}

/** A transform of `node:zlib`: it tells how many bytes it has made use of. */
export type ZlibTransform = Transform & { readonly bytesWritten: number };

/** How to pass a stream through a transform. */
export interface ThroughOptions {
  /** Makes the transform; called when the first byte is asked for. */
  readonly transform: () => ZlibTransform;
  /** Cuts the chunks before they are written. */
  readonly splitter: Splitter;
  /** Turns an error of the transform into one of ours. */
  readonly explain: (error: unknown) => unknown;
}

/**
 * Passes a stream through a transform. Errors of the stream come out unchanged. No more is read
 * than the reader of the result takes, and cancelling the result cancels the stream.
 */
export function through(
  stream: ReadableStream<Uint8Array>,
  options: ThroughOptions,
): ReadableStream<Uint8Array> {
  return transformed(stream, (bytes) => drive(bytes, options));
}

/**
 * Bytes of chunks that may lie about where the transform itself has little memory: to collect them
 * as soon as of one with much takes as long as to decompress them.
 */
const MUCH = 64 * 1024 * 1024;

async function* drive(
  stream: ReadableStream<Uint8Array>,
  options: ThroughOptions,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  const transform = options.transform();
  const feeding = new Feeding(reader, transform, options.splitter);
  try {
    for await (const chunk of transform) {
      yield chunk;
      collectGarbage(feeding.isLarge ? undefined : MUCH);
    }
    // A transform may end before its input does, as gunzip does when zeros follow. Whoever verifies
    // the input does so at its end, so it has to be read to there.
    await feeding.done;
    if (feeding.failed) throw feeding.failure;
    if (feeding.goesOn()) throw new IntegrityError("it goes on after its end");
  } catch (error) {
    throw feeding.failed ? feeding.failure : options.explain(error);
  } finally {
    transform.destroy();
    // A stream that failed refuses to be cancelled with its own error, which was thrown above.
    await reader.cancel().catch(() => undefined);
    await feeding.done;
    feeding[Symbol.dispose]();
  }
}

/** Writes a stream into a transform; `failure` is what the stream or the splitter threw. */
class Feeding implements Disposable {
  /** Settles, never with an error, when the stream was read to its end, or no further. */
  readonly done: Promise<void>;
  failed = false;
  failure: unknown;
  readonly #transform: ZlibTransform;
  #turn: Disposable | undefined;
  /** Bytes that were written in all. */
  #written = 0;
  /**
   * The pieces that the transform has not made use of, as far as is known. They come in order; of
   * small ones there are thousands, and taking the first out of a list moves all others.
   */
  readonly #unused = new Set<{ readonly piece: Uint8Array; readonly begin: number }>();

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    transform: ZlibTransform,
    splitter: Splitter,
  ) {
    this.#transform = transform;
    // Without a listener, an error that comes when nobody iterates any more would end the process.
    transform.on("error", () => undefined);
    this.done = this.#run(reader, splitter).catch((error) => {
      this.failed = true;
      this.failure = error;
      transform.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async #run(reader: ReadableStreamDefaultReader<Uint8Array>, splitter: Splitter): Promise<void> {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      for (const piece of splitter.split(next.value)) {
        if ((splitter.memory ?? 0) > LITTLE_MEMORY) this.#turn ??= await memoryTurn();
        await this.#write(piece);
        collectGarbage(this.isLarge ? undefined : MUCH);
        if (this.#transform.destroyed && this.goesOn()) return;
      }
    }
    if (this.#transform.destroyed) return;
    for (const piece of splitter.end() ?? []) await this.#write(piece);
    this.#transform.end();
  }

  /** Whether the transform has much memory. */
  get isLarge(): boolean {
    return this.#turn !== undefined;
  }

  /** Lets the next one have much memory. */
  [Symbol.dispose](): void {
    this.#turn?.[Symbol.dispose]();
  }

  /** Whether the stream has more than zeros behind the end of the transform, where it was read. */
  goesOn(): boolean {
    const used = this.#transform.bytesWritten;
    for (const part of this.#unused) {
      const rest = part.piece.subarray(Math.max(0, used - part.begin));
      if (rest.some((byte) => byte !== 0)) return true;
      this.#unused.delete(part);
    }
    return false;
  }

  #note(piece: Uint8Array): void {
    const used = this.#transform.bytesWritten;
    for (const part of this.#unused) {
      if (part.begin + part.piece.byteLength > used) break;
      this.#unused.delete(part);
    }
    this.#unused.add({ piece, begin: this.#written });
    this.#written += piece.byteLength;
  }

  /** Writes one piece and waits until the transform wants more, or is gone. */
  #write(piece: Uint8Array): Promise<void> | undefined {
    const transform = this.#transform;
    this.#note(piece);
    if (transform.destroyed || transform.write(piece) || transform.destroyed) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        transform.off("drain", go).off("close", go);
        resolve();
      };
      transform.on("drain", go).on("close", go);
    });
  }
}
