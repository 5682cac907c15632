/**
 * A stream over content of a server that goes on where it stopped when the connection is lost or
 * silent.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { Log } from "../core/operation.ts";
import { completePolicy, retried, type RetryPolicy, TransientError } from "../core/retry.ts";
import type { ToFileOptions } from "../core/content/source.ts";
import { StallWatch } from "../core/waiting/time_limit.ts";
import type { FilePlace, Received } from "../work/receive.ts";
import { Patience } from "./patience.ts";
import { RepeatedBytes } from "./repeated_bytes.ts";
import {
  type AnswerBody,
  RangeRefused,
  type ReadProgress,
  type ReceivableContent,
  type ResumableContent,
  type ResumedAnswer,
} from "./resumable.ts";

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

/** How to receive. */
export interface ReceiveOptions
  extends
    Omit<ResumingOptions, "compareRepeated" | "end">,
    Pick<ToFileOptions, "algorithm" | "shownPath" | "flush" | "notes" | "mark" | "onBytes"> {
  /** Byte after the last one. */
  readonly end: number;
}

/**
 * Writes the bytes from `position` up to `end` of a content into a file, at the position that they
 * have in the content.
 * @returns the digest of the file up to `end`, where an algorithm is given.
 * @throws what the content says when its bytes cannot be had.
 */
export async function receiveResuming(
  content: ReceivableContent,
  path: string,
  options: ReceiveOptions,
): Promise<Digest | undefined> {
  const reader = new ResumingReader(content, options);
  const { position: start, end, onBytes, algorithm, shownPath, flush, notes, mark } = options;
  const report = (position: number) => onBytes?.(position - start);
  const file = { path, algorithm, shownPath, flush, notes, mark };
  for (;;) {
    const { digest } = await reader.receive(file, report);
    if (reader.position === end) return digest;
  }
}

class ResumingReader<Content extends ResumableContent = ResumableContent> {
  readonly #content: Content;
  readonly #options: ResumingOptions;
  readonly #stallTime: number;
  #position: number;
  #end: number | undefined;
  #body: AnswerBody | undefined;
  #watch: StallWatch;
  #finished = false;
  #lost: unknown;
  readonly #patience: Patience;
  #startedOver = false;
  readonly #repeated: RepeatedBytes;

  constructor(content: Content, options: ResumingOptions) {
    this.#content = content;
    this.#options = options;
    this.#position = options.position;
    this.#end = options.end;
    this.#stallTime = completePolicy(options.retry).stallTime;
    this.#watch = new StallWatch(this.#stallTime, options.signal);
    this.#patience = new Patience(options.retry);
    const { what, compareRepeated: compare = false } = options;
    this.#repeated = new RepeatedBytes(what, { compare });
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

  /** Position of the next byte. */
  get position(): number {
    return this.#position;
  }

  /**
   * Writes what comes into a file until all is there, or the connection is lost after a byte came.
   * `report` is told the position.
   */
  async receive(
    this: ResumingReader<ReceivableContent>,
    file: Omit<FilePlace, "at" | "length" | "stallTime">,
    report: (position: number) => void,
  ): Promise<Received> {
    return await this.#retried(async () => {
      this.#throwLost();
      const { start, body } = await this.#ask();
      const before = this.#position;
      const end = this.#end ?? Infinity;
      const { signal } = this.#options;
      const place = { ...file, at: start, length: end - start, stallTime: this.#stallTime };
      // An answer that begins earlier brings bytes once more that are in the file already: only
      // what goes beyond them counts, or a server that always begins anew would be asked for ever.
      const onBytes = (bytes: number) => {
        const reached = Math.max(before, start + bytes);
        this.#hear(reached);
        report(reached);
      };
      const received = await body.toFile(place, { signal, onBytes });
      if (received.more && this.#content.tooLong) throw this.#content.tooLong();
      const reached = start + received.bytes;
      this.#position = Math.max(before, reached);
      if (reached === end) return received;
      const lost = received.fault ?? closedEarly();
      if (reached <= before) throw lost;
      this.#lost = lost;
      return received;
    });
  }

  /** What was lost after a byte came is the first failure of the tries that follow. */
  #throwLost(): void {
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost !== undefined) throw lost;
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
        this.#patience.failed();
        await this.close();
        throw this.#content.explain(error);
      }
    };
    try {
      return await retried(once, {
        what: this.#options.what,
        policy,
        signal,
        onRetry: (error, wait) => this.#logRetry(error, wait),
      });
    } catch (error) {
      await this.close();
      if (!(error instanceof TransientError)) throw error;
      throw this.#content.giveUp(error, { position: this.#position, end: this.#end });
    }
  }

  #logRetry({ message: reason }: TransientError, wait: number): void {
    const { what, position, log } = this.#options;
    const begun = this.#position > position;
    const found = `${reason} after ${this.#position} of ${this.#end ?? "unknown"} bytes`;
    if (begun) log?.("info", `Going on with ${what}: ${found}`);
    else log?.("info", `Trying ${what} again in ${Math.ceil(wait / 1000)} s`, { reason });
  }

  async #connect(): Promise<void> {
    const { start, body } = await this.#ask();
    this.#body = body;
    this.#repeated.begin(this.#position - start);
  }

  async #ask(): Promise<Awaited<ReturnType<Content["ask"]>>> {
    this.#giveUpIf(this.#patience.asks());
    this.#watch = new StallWatch(this.#stallTime, this.#options.signal);
    const answer = await this.#content.ask(this.#position, this.#watch).catch(async (error) => {
      if (!(error instanceof RangeRefused)) throw error;
      return await this.#startOver(error);
    });
    this.#end ??= answer.end;
    return answer as Awaited<ReturnType<Content["ask"]>>;
  }

  /** Notes that the bytes up to a position came. */
  #hear(reached: number): void {
    const { position } = this.#options;
    const size = this.#end === undefined ? undefined : this.#end - position;
    this.#giveUpIf(this.#patience.hears(reached - position, size));
  }

  #giveUpIf(reason: string | undefined): void {
    if (reason === undefined) return;
    const at = { position: this.#position, end: this.#end };
    throw this.#content.giveUp(new TransientError(reason), at);
  }

  async #startOver(refused: RangeRefused): Promise<ResumedAnswer> {
    if (this.#content.askAll === undefined) throw refused;
    const { message, cause } = refused;
    if (this.#startedOver) throw cause;
    this.#startedOver = true;
    const { what, log } = this.#options;
    log?.("info", `Starting ${what} again: the server does not go on from byte ${this.#position}`, {
      reason: message,
    });
    return await this.#content.askAll(this.#watch);
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
    if (this.#position !== this.#end || this.#repeated.left > 0) {
      throw closedEarly();
    }
    this.#finished = true;
  }

  /** The new ones among the bytes that came. */
  async #accept(chunk: Uint8Array): Promise<Uint8Array> {
    const fresh = this.#repeated.drop(chunk);
    const room = (this.#end ?? Infinity) - this.#position;
    if (fresh.byteLength > room) {
      if (this.#content.tooLong) throw this.#content.tooLong();
      this.#finished = true;
      await this.close();
    }
    const taken = fresh.subarray(0, room);
    this.#repeated.add(taken);
    this.#position += taken.byteLength;
    this.#hear(this.#position);
    return taken;
  }
}

/** The cause has the words by which faults of the network are recognized. */
function closedEarly(): TransientError {
  return new TransientError("the connection was cut", { cause: new Error("closed") });
}
