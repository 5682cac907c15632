/**
 * A stream over content of a server that goes on where it stopped when the connection is lost or
 * silent.
 * @module
 */
import { quote } from "../core/text.ts";
import { createHash, type Hash } from "node:crypto";
import { IntegrityError } from "../core/errors.ts";
import type { Log } from "../core/operation.ts";
import { completePolicy, retried, type RetryPolicy, TransientError } from "../core/retry.ts";
import { StallWatch } from "../core/time_limit.ts";

/** The bytes of one answer. */
export interface AnswerBody {
  /** The next bytes; `undefined` at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Drops the connection, also while bytes are awaited. */
  close(): Promise<void> | void;
}

/** An answer that has been checked. */
export interface ResumedAnswer {
  /** Position in the content of the first byte: the one that was asked for, or one before it. */
  readonly start: number;
  /** The byte after the last one that is wanted, when only the answer tells. */
  readonly end?: number;
  /** The bytes. */
  readonly body: AnswerBody;
}

/** How far a reader has come. */
export interface ReadProgress {
  /** Position of the next byte. */
  readonly position: number;
  /** The byte after the last one; unknown before the first answer when nobody said it. */
  readonly end?: number;
}

/** What a reader has to know about a content. */
export interface ResumableContent {
  /**
   * Asks for the bytes from `position` on, and checks the answer. The signal of `watch` belongs to
   * the request; whether the wait for the answer is watched is up to the content.
   */
  ask(position: number, watch: StallWatch): Promise<ResumedAnswer>;
  /** Turns a failure into a {@linkcode TransientError} where going on may help. */
  explain(error: unknown): unknown;
  /** The error when the tries are used up. */
  giveUp(last: TransientError, at: ReadProgress): Error;
  /** The error when more comes than the content has; without it the rest is left unread. */
  tooLong?(): Error;
}

/** How to read. */
export interface ResumingOptions extends ReadProgress {
  /** What a person calls the content, in the log and in errors. */
  readonly what: string;
  /** How often to try in a row without a byte between, and when silence is a lost connection. */
  readonly retry: RetryPolicy;
  /**
   * Whether an answer that begins before the position has to repeat the bytes that came before:
   * where nobody verifies the content. Only for reading from the beginning.
   */
  readonly compareRepeated?: boolean;
  /** Stops the reading. */
  readonly signal?: AbortSignal;
  /** Told when the reading goes on. */
  readonly log?: Log;
}

/**
 * Opens a stream over a content, from `position` up to `end`.
 * @throws what the content says when the first answer cannot be had.
 */
export async function openResuming(
  content: ResumableContent,
  options: ResumingOptions,
): Promise<ReadableStream<Uint8Array>> {
  const reader = new ResumingReader(content, options);
  await reader.open();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await reader.next();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: () => reader.close(),
  }, { highWaterMark: 0 });
}

/** The body of a `Response` as the body of an answer. */
export function answerBody({ body }: Response): AnswerBody {
  const reader = body?.getReader();
  return {
    next: async () => (await reader?.read())?.value,
    // A connection that broke already needs no closing.
    close: async () => await reader?.cancel().catch(() => undefined),
  };
}

class ResumingReader {
  readonly #content: ResumableContent;
  readonly #options: ResumingOptions;
  readonly #stallTime: number;
  #position: number;
  #end: number | undefined;
  #body: AnswerBody | undefined;
  #watch: StallWatch;
  #finished = false;
  /** Bytes to drop because the answer began before the position. */
  #repeated = 0;
  /** Hash of all bytes handed on, and of those that an answer repeats. */
  readonly #read: Hash | undefined;
  #repeating: Hash | undefined;

  constructor(content: ResumableContent, options: ResumingOptions) {
    this.#content = content;
    this.#options = options;
    this.#position = options.position;
    this.#end = options.end;
    this.#stallTime = completePolicy(options.retry).stallTime;
    this.#watch = new StallWatch(this.#stallTime, options.signal);
    this.#read = options.compareRepeated ? createHash("sha256") : undefined;
  }

  /** Asks for the first answer. */
  async open(): Promise<void> {
    await this.#retried(() => this.#connect());
  }

  /** The next bytes, from a new connection when the present one is lost; `undefined` at the end. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#finished) return undefined;
    return await this.#retried(async () => {
      if (this.#body === undefined) await this.#connect();
      return await this.#receive();
    });
  }

  /** Drops the connection. */
  async close(): Promise<void> {
    const body = this.#body;
    this.#body = undefined;
    await body?.close();
  }

  /** Tries until a byte comes: whoever gets one begins to count anew. */
  async #retried<Result>(work: () => Promise<Result>): Promise<Result> {
    const { retry: policy, signal } = this.#options;
    const once = async () => {
      try {
        return await work();
      } catch (error) {
        await this.close();
        throw this.#content.explain(error);
      }
    };
    try {
      return await retried(once, { policy, signal, onRetry: (error) => this.#logRetry(error) });
    } catch (error) {
      await this.close();
      if (!(error instanceof TransientError)) throw error;
      throw this.#content.giveUp(error, { position: this.#position, end: this.#end });
    }
  }

  #logRetry({ message }: TransientError): void {
    const found = `${message} after ${this.#position} of ${this.#end ?? "unknown"} bytes`;
    this.#options.log?.("info", `Going on with ${this.#options.what}: ${found}`);
  }

  async #connect(): Promise<void> {
    this.#watch = new StallWatch(this.#stallTime, this.#options.signal);
    const { start, end, body } = await this.#content.ask(this.#position, this.#watch);
    this.#body = body;
    this.#end ??= end;
    this.#repeated = this.#position - start;
    this.#repeating = this.#read && createHash("sha256");
  }

  /** Reads until there are bytes to hand on, or all have come. */
  async #receive(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = await this.#readChunk();
      if (chunk === undefined) return this.#finish();
      const taken = await this.#accept(chunk);
      if (taken.byteLength > 0) return taken;
      if (this.#finished) return undefined;
    }
  }

  async #readChunk(): Promise<Uint8Array | undefined> {
    try {
      return await this.#watch.during(async () => await this.#body?.next());
    } catch (error) {
      // What was wanted is complete; how the connection ended does not matter.
      const complete = this.#position === this.#end && !this.#options.signal?.aborted;
      if (complete && this.#content.explain(error) instanceof TransientError) return undefined;
      throw error;
    }
  }

  #finish(): undefined {
    this.#end ??= this.#position;
    if (this.#position !== this.#end || this.#repeated > 0) {
      // The cause has the words by which faults of the network are recognized.
      throw new TransientError("the connection was cut", { cause: new Error("closed") });
    }
    this.#finished = true;
  }

  /** The new ones among the bytes that came. */
  async #accept(chunk: Uint8Array): Promise<Uint8Array> {
    const fresh = chunk.subarray(this.#dropRepeated(chunk));
    const room = (this.#end ?? Infinity) - this.#position;
    if (fresh.byteLength > room) {
      if (this.#content.tooLong) throw this.#content.tooLong();
      this.#finished = true;
      await this.close();
    }
    const taken = fresh.subarray(0, room);
    this.#read?.update(taken);
    this.#position += taken.byteLength;
    return taken;
  }

  /** Takes note of the bytes at the beginning of a chunk that came before, and returns how many. */
  #dropRepeated(chunk: Uint8Array): number {
    const count = Math.min(this.#repeated, chunk.byteLength);
    if (count === 0) return 0;
    this.#repeated -= count;
    this.#repeating?.update(chunk.subarray(0, count));
    const differs = this.#repeated === 0 && this.#repeating !== undefined &&
      this.#repeating.digest("hex") !== this.#read?.copy().digest("hex");
    if (!differs) return count;
    throw new IntegrityError(
      `Cannot accept ${quote(this.#options.what)}: it changed while it was read`,
    );
  }
}
