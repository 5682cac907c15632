/**
 * Reading of Azure blobs.
 * @module
 */
import type { Readable } from "node:stream";
import { quote } from "../core/text.ts";
import { IntegrityError, InvalidInputError, TransferError } from "../core/errors.ts";
import { type ByteRange, rangeBounds } from "../core/source.ts";
import { streamOf } from "../core/streams.ts";
import type { StallWatch } from "../core/time_limit.ts";
import { openResuming, type ResumedAnswer } from "../transfer/resuming_reader.ts";
import { type AzureCall, type AzureTarget, callAzure } from "./azure_call.ts";
import { explainAzure, giveUp } from "./azure_errors.ts";
import type { OpenObjectOptions } from "./object_store.ts";
import { quoteUri } from "./object_uri.ts";

/**
 * Opens a blob, or a range of it. When the connection is lost or silent the stream goes on where it
 * stopped, if the blob is still the same one. It gives up after as many losses in a row as requests
 * are tried, with no byte in between.
 */
export async function readBlob(
  target: AzureTarget,
  { range = { start: 0 }, etag }: OpenObjectOptions,
): Promise<ReadableStream<Uint8Array>> {
  // The size is not known yet, but what fits no size is not worth a request.
  rangeBounds(range, range.end ?? Number.MAX_SAFE_INTEGER);
  const call = { ...target, action: "read" } as const;
  if (range.start === range.end) return await readNothing(call, range, etag);
  const { uri, signal, retry, log } = target;
  const requests = new BlobRequests(target, range, etag);
  return await openResuming({
    ask: (position, watch) => requests.ask(position, watch),
    explain: (error) => ofKnownBlob(explainAzure(error, call), etag),
    giveUp: (last) => giveUp(last, call) as Error,
  }, { position: range.start, end: range.end, what: quoteUri(uri), retry, signal, log });
}

/**
 * The error of a blob of which the caller has seen this version: when it does not have the bytes
 * any more that it had, the caller is not the one who is wrong.
 */
function ofKnownBlob(error: unknown, etag: string | undefined): unknown {
  if (etag === undefined || !(error instanceof InvalidInputError)) return error;
  return new IntegrityError(error.message, { ...error.facts, cause: error });
}

/** An empty range has no form in HTTP, but the blob has to be there. */
async function readNothing(
  call: AzureCall,
  range: ByteRange,
  ifMatch: string | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const { contentLength = 0 } = await callAzure(
    call,
    (blob, abortSignal) => blob.getProperties({ abortSignal, conditions: { ifMatch } }),
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
    const { end } = this.#range;
    const { signal: abortSignal } = watch;
    const count = end === undefined ? undefined : end - position;
    const { answer, body } = await watch.during(async () => {
      const answer = await this.#target.blob.download(position, count, {
        abortSignal,
        conditions: { ifMatch: this.#etag },
        maxRetryRequests: 0,
      });
      return { answer, body: guarded(answer.readableStreamBody as Readable, abortSignal) };
    });
    try {
      this.#checkVersion(answer.etag);
      if (position > 0 || count !== undefined) this.#checkStart(position, answer.contentRange);
      const chunks = body[Symbol.asyncIterator]();
      return {
        start: position,
        end: rangeBounds(this.#range, totalSize(answer)).end,
        body: { next: async () => (await chunks.next()).value, close: () => void body.destroy() },
      };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }

  /** What does not look at the condition of the request may send another version. */
  #checkVersion(etag: string | undefined): void {
    this.#etag ??= etag;
    if (etag === undefined || etag === this.#etag) return;
    throw new IntegrityError(
      `Cannot read ${quoteUri(this.#target.uri)}: it was changed meanwhile`,
      {
        remedy: "run the command again",
      },
    );
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

/** A body whose failure ends nothing but its reading, and which does not outlive its request. */
function guarded(body: Readable, signal: AbortSignal): Readable {
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
