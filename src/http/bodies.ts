/**
 * Bodies of answers: read within a limit, or thrown away.
 * @module
 */
import { quote } from "../core/text.ts";
import { InvalidInputError, TransferError } from "../core/errors.ts";
import { DEFAULT_RETRY } from "../core/retry.ts";
import { readAll, transformed } from "../core/streams.ts";
import { StallWatch } from "../core/time_limit.ts";
import { faultError, isFault } from "./faults.ts";

/**
 * Reads the body of the answer to a request into memory; `stallTime` is that of a retry policy.
 * @throws {TransferError} when it is larger than `limit` bytes, cut off, or silent for too long.
 */
export async function readBody(
  response: Response,
  request: { readonly url: string; readonly signal?: AbortSignal; readonly stallTime?: number },
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = response.headers.get("Content-Encoding") ?? "identity";
  try {
    if (encoding !== "identity") throw encoded(request.url, encoding);
    if (!response.body) return new Uint8Array();
    const watch = new StallWatch(request.stallTime ?? DEFAULT_RETRY.stallTime, request.signal);
    return await readAll(transformed(response.body, (body) => watched(body, watch)), limit);
  } catch (error) {
    await discard(response);
    request.signal?.throwIfAborted();
    if (error instanceof InvalidInputError) throw tooLarge(request.url, limit, error);
    throw isFault(error) ? faultError(error, request.url) : error;
  }
}

/** Passes a stream on, and gives up on it when nothing comes for long. */
async function* watched(
  stream: ReadableStream<Uint8Array>,
  watch: StallWatch,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await watch.during(() => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // The read that never ended ends with this; why, is thrown already.
    await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

/** Throws the rest of an answer away, so that its connection is free. */
export async function discard(response: Response): Promise<void> {
  // A body that broke already needs no cancelling.
  if (!response.body?.locked) await response.body?.cancel().catch(() => {});
}

/** The error for an answer that something on the way has encoded. */
export function encoded(url: string, encoding: string): TransferError {
  const host = new URL(url).host;
  return new TransferError(
    `Cannot read from ${quote(host)}: the content came encoded as ${
      quote(encoding)
    }, though that was not asked for`,
    { registry: host, expected: "identity", actual: encoding },
  );
}

function tooLarge(url: string, limit: number, cause: unknown): TransferError {
  const host = new URL(url).host;
  return new TransferError(
    `Cannot read from ${quote(host)}: the answer is larger than ${limit} bytes`,
    { registry: host, expected: limit, cause },
  );
}
