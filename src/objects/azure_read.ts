/**
 * Reading of Azure blobs.
 * @module
 */
import { TransferError } from "../core/errors.ts";
import { type ByteRange, rangeBounds } from "../core/source.ts";
import { quote } from "../core/text.ts";
import { type AzureTarget, callAzure } from "./azure_call.ts";
import { explainAzure, giveUp } from "./azure_errors.ts";
import { quoteUri } from "./object_uri.ts";
import { Fault, StallWatch, waitAfter } from "./retry.ts";

/** What of a blob to read. */
export interface ReadOptions {
  /** Only these bytes; everything when absent. */
  readonly range?: ByteRange;
  /** Only while the blob is this one. */
  readonly etag?: string;
}

/**
 * Opens a blob, or a range of it. When the connection is lost or silent the stream goes on where it
 * stopped, if the blob is still the same one. It gives up after as many losses in a row as requests are
 * tried, with no byte in between.
 */
export async function readBlob(
  target: AzureTarget,
  options: ReadOptions,
): Promise<ReadableStream<Uint8Array>> {
  const reader = new BlobReader(target, options);
  await reader.open();
  return new ReadableStream<Uint8Array>({
    pull: (controller) => reader.pull(controller),
    cancel: () => reader.close(),
  }, { highWaterMark: 0 });
}

/** The body of an answer, as the SDK hands it out. */
interface Body {
  destroy(): void;
  on(event: "error", listener: () => void): void;
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
}

class BlobReader {
  readonly #target: AzureTarget;
  readonly #range: ByteRange;
  readonly #whole: boolean;
  #position: number;
  /** Known from the first answer on. */
  #end: number | undefined;
  #etag: string | undefined;
  #failures = 0;
  #body: Body | undefined;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #watch: StallWatch;

  constructor(target: AzureTarget, { range, etag }: ReadOptions) {
    this.#target = target;
    this.#range = range ?? { start: 0 };
    // The size is not known yet, but what fits no size is not worth a request.
    rangeBounds(this.#range, this.#range.end ?? Number.MAX_SAFE_INTEGER);
    this.#whole = this.#range.start === 0 && this.#range.end === undefined;
    this.#position = this.#range.start;
    this.#etag = etag;
    this.#watch = this.#newWatch();
  }

  /** Asks for the bytes from the position on. */
  async open(): Promise<void> {
    if (this.#range.end === this.#position) return await this.#askNothing();
    await callAzure(this.#target, () => this.#ask(), { action: "read" });
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
  close(): void {
    this.#body?.destroy();
    this.#body = undefined;
    this.#chunks = undefined;
  }

  /** An empty range has no form in HTTP, but the blob has to be there. */
  async #askNothing(): Promise<void> {
    const { contentLength = 0 } = await callAzure(
      this.#target,
      (abortSignal) =>
        this.#target.blob.getProperties({ abortSignal, conditions: this.#conditions() }),
      { action: "read" },
    );
    this.#end = rangeBounds(this.#range, contentLength).end;
  }

  async #ask(): Promise<void> {
    // The answer's body lives as long as this signal, so it is not the one of the call.
    this.#watch = this.#newWatch();
    const { signal: abortSignal } = this.#watch;
    const { end } = this.#range;
    const count = end === undefined ? undefined : end - this.#position;
    const { answer, body } = await this.#watch.during(async () => {
      const answer = await this.#target.blob.download(this.#position, count, {
        abortSignal,
        conditions: this.#conditions(),
        maxRetryRequests: 0,
      });
      return { answer, body: guarded(answer.readableStreamBody as unknown as Body, abortSignal) };
    });
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
    this.#etag ??= answer.etag;
    try {
      if (this.#position > 0 || count !== undefined) this.#checkStart(answer.contentRange);
      const total = totalSize(answer);
      this.#end ??= this.#whole ? total : rangeBounds(this.#range, total).end;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Something between here and the service may send the whole where a range was asked for. */
  #checkStart(contentRange: string | undefined): void {
    const want = `bytes ${this.#position}-`;
    if (contentRange?.startsWith(want)) return;
    throw new TransferError(
      `Cannot read ${quoteUri(this.#target.uri)}: got Content-Range ` +
        `${quote(contentRange ?? "")}, want ${quote(want)}`,
    );
  }

  #conditions(): { ifMatch?: string } {
    return this.#etag === undefined ? {} : { ifMatch: this.#etag };
  }

  #newWatch(): StallWatch {
    return new StallWatch(this.#target.patience.stallTime, this.#target.signal);
  }

  /** The next bytes, perhaps none; `undefined` at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    const { uri, signal } = this.#target;
    if (this.#position === this.#end) {
      this.close();
      return undefined;
    }
    try {
      const chunks = this.#chunks;
      if (chunks === undefined) throw new Fault("the connection was lost");
      const { value } = await this.#watch.during(() => chunks.next());
      if (value === undefined) throw new Fault("the connection was cut");
      this.#failures = 0;
      this.#position += value.byteLength;
      return value;
    } catch (error) {
      this.close();
      await this.#resume(explainAzure(error, { action: "read", uri, signal }));
      return new Uint8Array();
    }
  }

  async #resume(fault: unknown): Promise<void> {
    const { uri, signal } = this.#target;
    if (!(fault instanceof Fault)) throw fault;
    try {
      await waitAfter(fault, ++this.#failures, this.#target);
    } catch (error) {
      throw giveUp(error, { action: "read", uri, signal });
    }
    await this.open();
  }
}

/** A body whose failure ends nothing but its reading, and which does not outlive its request. */
function guarded(body: Body, signal: AbortSignal): Body {
  // Whoever reads is told of a failure; when nobody reads any more it would end the process.
  body.on("error", () => {});
  if (signal.aborted) body.destroy();
  return body;
}

/** The size of the whole blob, from an answer with all or some of it. */
function totalSize(answer: { contentRange?: string; contentLength?: number }): number {
  const total = /\/(\d+)$/.exec(answer.contentRange ?? "")?.[1];
  return total === undefined ? answer.contentLength ?? 0 : Number(total);
}
