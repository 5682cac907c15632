/**
 * Reading of Azure blobs.
 * @module
 */
import { quote } from "../core/text.ts";
import { TransferError } from "../core/errors.ts";
import { type ByteRange, rangeBounds } from "../core/source.ts";
import { streamOf } from "../core/streams.ts";
import type { StallWatch } from "../core/time_limit.ts";
import { type AnswerBody, openResuming, type ResumedAnswer } from "../transfer/resuming_reader.ts";
import { type AzureTarget, callAzure } from "./azure_call.ts";
import { explainAzure, giveUp } from "./azure_errors.ts";
import { quoteUri } from "./object_uri.ts";

/** What of a blob to read. */
export interface ReadOptions {
  /** Only these bytes; everything when absent. */
  readonly range?: ByteRange;
  /** Only while the blob is this one. */
  readonly etag?: string;
}

/**
 * Opens a blob, or a range of it. When the connection is lost or silent the stream goes on where it
 * stopped, if the blob is still the same one. It gives up after as many losses in a row as requests
 * are tried, with no byte in between.
 */
export async function readBlob(
  target: AzureTarget,
  { range = { start: 0 }, etag }: ReadOptions,
): Promise<ReadableStream<Uint8Array>> {
  // The size is not known yet, but what fits no size is not worth a request.
  rangeBounds(range, range.end ?? Number.MAX_SAFE_INTEGER);
  if (range.start === range.end) return await readNothing(target, { range, etag });
  const { uri, signal, retry, log } = target;
  const requests = new BlobRequests(target, range, etag);
  const action = { action: "read", uri, signal } as const;
  return await openResuming({
    ask: (position, watch) => requests.ask(position, watch),
    explain: (error) => explainAzure(error, action),
    giveUp: (last) => giveUp(last, action) as Error,
  }, { position: range.start, end: range.end, what: quoteUri(uri), retry, signal, log });
}

/** An empty range has no form in HTTP, but the blob has to be there. */
async function readNothing(
  target: AzureTarget,
  { range, etag }: ReadOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { contentLength = 0 } = await callAzure(
    target,
    (abortSignal) => target.blob.getProperties({ abortSignal, conditions: { ifMatch: etag } }),
    { action: "read" },
  );
  rangeBounds(range, contentLength);
  return streamOf([]);
}

/** Asks for a blob, and checks the answers. */
class BlobRequests {
  readonly #target: AzureTarget;
  readonly #range: ByteRange;
  /** That of the first answer, when the caller names none. */
  #etag: string | undefined;

  constructor(target: AzureTarget, range: ByteRange, etag: string | undefined) {
    this.#target = target;
    this.#range = range;
    this.#etag = etag;
  }

  async ask(position: number, watch: StallWatch): Promise<ResumedAnswer> {
    const { start, end } = this.#range;
    const { signal: abortSignal } = watch;
    const count = end === undefined ? undefined : end - position;
    const { answer, body } = await watch.during(async () => {
      const answer = await this.#target.blob.download(position, count, {
        abortSignal,
        conditions: { ifMatch: this.#etag },
        maxRetryRequests: 0,
      });
      return {
        answer,
        body: guarded(answer.readableStreamBody as unknown as NodeBody, abortSignal),
      };
    });
    this.#etag ??= answer.etag;
    try {
      if (position > 0 || count !== undefined) this.#checkStart(position, answer.contentRange);
      const total = totalSize(answer);
      const whole = start === 0 && end === undefined;
      return {
        start: position,
        end: whole ? total : rangeBounds(this.#range, total).end,
        body: bodyOf(body),
      };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }

  /** Something between here and the service may send the whole where a range was asked for. */
  #checkStart(position: number, contentRange: string | undefined): void {
    const want = `bytes ${position}-`;
    if (contentRange?.startsWith(want)) return;
    throw new TransferError(
      `Cannot read ${quoteUri(this.#target.uri)}: got Content-Range ` +
        `${quote(contentRange ?? "")}, want ${quote(want)}`,
    );
  }
}

/** The body of an answer, as the SDK hands it out. */
interface NodeBody {
  destroy(): void;
  on(event: "error", listener: () => void): void;
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
}

/** A body whose failure ends nothing but its reading, and which does not outlive its request. */
function guarded(body: NodeBody, signal: AbortSignal): NodeBody {
  // Whoever reads is told of a failure; when nobody reads any more it would end the process.
  body.on("error", () => {});
  if (signal.aborted) body.destroy();
  return body;
}

function bodyOf(body: NodeBody): AnswerBody {
  const chunks = body[Symbol.asyncIterator]();
  return {
    next: async () => (await chunks.next()).value,
    close: () => body.destroy(),
  };
}

/** The size of the whole blob, from an answer with all or some of it. */
function totalSize(answer: { contentRange?: string; contentLength?: number }): number {
  const total = /\/(\d+)$/.exec(answer.contentRange ?? "")?.[1];
  return total === undefined ? answer.contentLength ?? 0 : Number(total);
}
