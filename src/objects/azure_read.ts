/**
 * Reading of Azure blobs.
 * @module
 */
import type { Readable } from "node:stream";
import { quote } from "../core/text.ts";
import { IntegrityError, InvalidInputError, TransferError } from "../core/errors.ts";
import { type ByteRange, rangeBounds } from "../core/content/source.ts";
import { streamOf } from "../core/streams.ts";
import type { StallWatch } from "../core/waiting/time_limit.ts";
import { RangeRefused, type ResumedAnswer } from "../transfer/resumable.ts";
import { openResuming } from "../transfer/resuming_reader.ts";
import { type AzureCall, type AzureTarget, callAzure } from "./azure_call.ts";
import { explainAzure, giveUp, statusOf } from "./azure_errors.ts";
import { checkObjectSize, wrongObjectSize } from "./object_size.ts";
import type { OpenObjectOptions } from "./object_store.ts";
import { quoteUri } from "./object_uri.ts";

/**
 * Opens a blob, or a range of it. When the connection is lost or silent the stream goes on where it
 * stopped, if the blob is still the same one. It gives up after as many losses in a row as requests
 * are tried, with no byte in between. Where the service does not go on, the range is asked for
 * again, once.
 */
export async function readBlob(
  target: AzureTarget,
  { range = { start: 0 }, etag, size }: OpenObjectOptions,
): Promise<ReadableStream<Uint8Array>> {
  // The size may not be known yet, but what fits no size is not worth a request.
  rangeBounds(range, size ?? range.end ?? Number.MAX_SAFE_INTEGER);
  const call = { ...target, action: "read" } as const;
  if (range.start === range.end) return await readNothing(call, range, etag);
  const { uri, signal, retry, log } = target;
  const isKnown = etag !== undefined || size !== undefined ||
    range.start === 0 && range.end === undefined;
  const requests = new BlobRequests(target, { range, etag, size });
  const all = range.end === undefined || range.end === size;
  return await openResuming({
    ask: (position, watch) => requests.ask(position, watch),
    askAll: (watch) => requests.ask(range.start, watch),
    explain: (error) =>
      error instanceof RangeRefused ? error.cause : ofKnownBlob(explainAzure(error, call), isKnown),
    giveUp: (last) => giveUp(last, call) as Error,
    tooLong: all && size !== undefined
      ? () => wrongObjectSize(uri, `more than ${size}`, size)
      : undefined,
  }, { position: range.start, end: range.end, what: quoteUri(uri), retry, signal, log });
}

/**
 * The error of a blob of which the caller has seen this version, knows the size or wants all: when
 * it does not have the bytes, the caller is not the one who is wrong.
 */
function ofKnownBlob(error: unknown, isKnown: boolean): unknown {
  if (!isKnown || !(error instanceof InvalidInputError)) return error;
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

/** What is asked for. */
interface Wanted extends Pick<OpenObjectOptions, "etag" | "size"> {
  readonly range: ByteRange;
}

/** Asks for a blob, and checks the answers. */
class BlobRequests {
  readonly #target: AzureTarget;
  readonly #wanted: Wanted;
  /** That of the first answer, when the caller names none. */
  #etag: string | undefined;

  constructor(target: AzureTarget, wanted: Wanted) {
    this.#target = target;
    this.#wanted = wanted;
    this.#etag = wanted.etag;
  }

  async ask(position: number, watch: StallWatch): Promise<ResumedAnswer> {
    const { range: { end }, size } = this.#wanted;
    const count = end === undefined ? undefined : end - position;
    const { answer, body } = await this.#download({ position, count }, watch);
    try {
      this.#checkVersion(answer.etag);
      const ranged = position > 0 || count !== undefined;
      if (ranged) this.#checkStart(position, answer.contentRange);
      const total = totalSize(answer);
      checkObjectSize(this.#target.uri, total, size);
      const wantedEnd = this.#endAt(total);
      if (ranged) this.#checkLength(position, wantedEnd, answer);
      const chunks = body[Symbol.asyncIterator]();
      return {
        start: position,
        end: wantedEnd,
        body: { next: async () => (await chunks.next()).value, close: () => void body.destroy() },
      };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }

  async #download(
    { position, count }: { readonly position: number; readonly count: number | undefined },
    watch: StallWatch,
  ) {
    const { signal: abortSignal } = watch;
    return await watch.during(async () => {
      try {
        const answer = await this.#target.blob.download(position, count, {
          abortSignal,
          conditions: { ifMatch: this.#etag },
          maxRetryRequests: 0,
        });
        return { answer, body: guarded(answer.readableStreamBody as Readable, abortSignal) };
      } catch (error) {
        // A caller may ask for what is not there; whoever goes on does not.
        if (position === this.#wanted.range.start || statusOf(error) !== 416) throw error;
        throw this.#refused(`it has no bytes from ${position} on (status 416)`);
      }
    });
  }

  /**
   * The byte after the last one that is wanted; `undefined` where only the end of the body tells.
   */
  #endAt(total: number | undefined): number | undefined {
    const { range, size } = this.#wanted;
    const known = total ?? size;
    return known === undefined ? range.end : rangeBounds(range, known).end;
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
    throw this.#refused(`got Content-Range ${quote(contentRange ?? "")}, want ${quote(want)}`);
  }

  /** The service gives all of a range; what says less, or sends less than it says, would go on. */
  #checkLength(position: number, end: number | undefined, answer: RangedAnswer): void {
    const { contentRange = "", contentLength } = answer;
    const length = Number(/-(\d+)/.exec(contentRange)?.[1]) + 1 - position;
    const isAll = end === undefined || length === end - position;
    if (isAll && (contentLength === undefined || contentLength === length)) return;
    const found = `got Content-Range ${quote(contentRange)} with ${contentLength ?? "no"} bytes`;
    throw this.#refused(end === undefined ? found : `${found}, want ${end - position}`);
  }

  #refused(found: string): RangeRefused {
    const error = new TransferError(`Cannot read ${quoteUri(this.#target.uri)}: ${found}`);
    return new RangeRefused(found, error);
  }
}

/** A body whose failure ends nothing but its reading, and which does not outlive its request. */
function guarded(body: Readable, signal: AbortSignal): Readable {
  // Whoever reads is told of a failure; when nobody reads any more it would end the process.
  body.on("error", () => {});
  if (signal.aborted) body.destroy();
  return body;
}

/** What an answer says of its bytes. */
interface RangedAnswer {
  readonly contentRange?: string;
  readonly contentLength?: number;
}

/** The size of the whole blob, from an answer with all or some of it, where that says one. */
function totalSize({ contentRange, contentLength }: RangedAnswer): number | undefined {
  if (contentRange === undefined) return contentLength;
  const total = /\/(\d+)$/.exec(contentRange)?.[1];
  return total === undefined ? undefined : Number(total);
}
