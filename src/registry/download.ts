/**
 * Blobs from a registry.
 * @module
 */
import { IntegrityError, type ModelOpsError, TransferError } from "../core/errors.ts";
import { rangeBounds } from "../core/source.ts";
import { quote } from "../core/text.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { missing, type OpenContentOptions } from "../oci/store.ts";
import { discard, encoded } from "../http/bodies.ts";
import type { Channel } from "./channel.ts";
import { explainFault, isFault } from "../http/faults.ts";
import { backoff } from "../core/retry.ts";
import { DEFAULT_ATTEMPTS, sleep } from "../http/retrying.ts";
import { inTime } from "../http/stall.ts";

/**
 * Opens a blob, or a range of it. When the connection is lost the stream goes on where it stopped: the
 * same digest is the same bytes. It gives up after as many losses in a row as requests are tried, with
 * no byte in between.
 * @throws {NotFoundError} when the repository does not have the blob.
 * @throws {IntegrityError} when the registry's blob has another size.
 */
export async function download(
  channel: Channel,
  blob: Descriptor,
  options: OpenContentOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  const { start, end } = rangeBounds(options.range, blob.size);
  const reader = new BlobReader(channel, blob, { start, end, signal: options.signal });
  await reader.open();
  return new ReadableStream<Uint8Array>({
    pull: (controller) => reader.pull(controller),
    cancel: () => reader.close(),
  }, { highWaterMark: 0 });
}

interface ReaderOptions {
  readonly start: number;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
}

type Body = ReadableStreamDefaultReader<Uint8Array>;

class BlobReader {
  readonly #channel: Channel;
  readonly #blob: Descriptor;
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  #position: number;
  /** Bytes to drop because the server sent the blob from its beginning. */
  #skip = 0;
  #failures = 0;
  #body: Body | undefined;

  constructor(channel: Channel, blob: Descriptor, options: ReaderOptions) {
    this.#channel = channel;
    this.#blob = blob;
    this.#position = options.start;
    this.#end = options.end;
    this.#signal = options.signal;
  }

  /** Asks for the bytes from the position on. */
  async open(): Promise<void> {
    const { digest, size } = this.#blob;
    if (this.#position === this.#end && size > 0) return;
    const whole = this.#position === 0 && this.#end === size;
    const response = await this.#channel.send("GET", `blobs/${digest}`, {
      headers: whole ? {} : { Range: `bytes=${this.#position}-${this.#end - 1}` },
      signal: this.#signal,
    });
    try {
      this.#skip = await this.#check(response, whole);
    } catch (error) {
      await discard(response);
      throw error;
    }
    this.#body = response.body?.getReader();
  }

  /** Hands the next bytes on, from a new connection when the present one is lost. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) return controller.close();
      if (chunk.byteLength > 0) return controller.enqueue(chunk);
    }
  }

  /** Drops the connection. */
  async close(): Promise<void> {
    // A connection that broke already needs no closing.
    await this.#body?.cancel().catch(() => {});
    this.#body = undefined;
  }

  /** The next bytes, perhaps none; `undefined` at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    if (!this.#body) return undefined;
    try {
      const { value } = await this.#read(this.#body);
      if (value) return this.#accept(value);
      if (this.#position === this.#end) return undefined;
      throw new TypeError("closed before the end");
    } catch (error) {
      await this.close();
      this.#signal?.throwIfAborted();
      if (!isFault(error, this.#signal)) throw error;
      // What was wanted is complete; how the connection ended does not matter.
      if (this.#position === this.#end) return undefined;
      await this.#resume(error);
      return new Uint8Array();
    }
  }

  #accept(chunk: Uint8Array): Uint8Array {
    const dropped = Math.min(this.#skip, chunk.byteLength);
    this.#skip -= dropped;
    const wanted = chunk.subarray(dropped);
    if (wanted.byteLength > 0) this.#failures = 0;
    const room = this.#end - this.#position;
    if (wanted.byteLength > room && this.#end === this.#blob.size) {
      throw this.#wrongSize(`more than ${this.#blob.size}`);
    }
    const taken = wanted.subarray(0, room);
    this.#position += taken.byteLength;
    return taken;
  }

  /** Reads, and takes a connection for lost that gives nothing for long. */
  async #read(body: Body): Promise<ReadableStreamReadResult<Uint8Array>> {
    return await inTime(body.read(), this.#channel.session.retry.stallTime);
  }

  async #resume(fault: unknown): Promise<void> {
    const { session, name } = this.#channel;
    const { reason } = explainFault(fault);
    const found = `${reason} after ${this.#position} of ${this.#end} bytes`;
    if (++this.#failures >= (session.retry.attempts ?? DEFAULT_ATTEMPTS)) {
      throw new TransferError(
        `Cannot read ${quote(`${name}@${this.#blob.digest}`)}: ${found}`,
        {
          registry: session.registry,
          expected: this.#end,
          actual: this.#position,
        },
      );
    }
    session.log?.("info", `Going on with ${this.#blob.digest}: ${found}`);
    await sleep(backoff(this.#failures, session.retry), session.retry, this.#signal);
    await this.open();
  }

  /** Checks that an answer is what was asked for, and returns how many of its bytes to drop. */
  async #check(response: Response, whole: boolean): Promise<number> {
    const { digest } = this.#blob;
    if (response.status === 404) throw missing(this.#channel, digest);
    if (response.status !== 200 && response.status !== 206) {
      throw await this.#channel.error(response, "read", digest);
    }
    const encoding = response.headers.get("Content-Encoding") ?? "identity";
    const base = await this.#channel.session.base(this.#signal);
    if (encoding !== "identity") throw encoded(base.href, encoding);
    if (response.status === 206) return this.#checkRange(response, whole);
    const length = response.headers.get("Content-Length");
    if (length !== null && Number(length) !== this.#blob.size) throw this.#wrongSize(length);
    return this.#position;
  }

  #checkRange(response: Response, whole: boolean): number {
    const text = response.headers.get("Content-Range") ?? "";
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text) ?? [];
    const fits = !whole && Number(first) === this.#position && Number(last) < this.#end;
    if (!fits) {
      const want = `bytes ${this.#position}-${this.#end - 1}/${this.#blob.size}`;
      throw this.#wrongAnswer(text, want);
    }
    if (total !== "*" && Number(total) !== this.#blob.size) throw this.#wrongSize(total ?? "");
    return 0;
  }

  #wrongAnswer(got: string, want: string): ModelOpsError {
    const { name, session } = this.#channel;
    return new TransferError(
      `Cannot read ${quote(`${name}@${this.#blob.digest}`)}: got Content-Range ${
        quote(got)
      }, want ${quote(want)}`,
      { registry: session.registry, expected: want, actual: got },
    );
  }

  #wrongSize(got: string): ModelOpsError {
    const { digest, size } = this.#blob;
    return new IntegrityError(
      `Cannot accept ${quote(`${this.#channel.name}@${digest}`)}: got ${got} bytes, want ${size}`,
      { registry: this.#channel.session.registry, expected: size, actual: got },
    );
  }
}
