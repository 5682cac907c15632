/**
 * Bodies of answers: read within a limit, or thrown away.
 * @module
 */
import { InvalidInputError, TransferError } from "../core/errors.ts";
import { readAll } from "../core/streams.ts";
import { faultError, isFault } from "./faults.ts";

/**
 * Reads the body of an answer into memory.
 * @throws {TransferError} when it is larger than `limit` bytes, or cut off.
 */
export async function readBody(
  response: Response,
  request: { readonly url: string; readonly signal?: AbortSignal | undefined },
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = response.headers.get("Content-Encoding") ?? "identity";
  try {
    if (encoding !== "identity") throw encoded(request.url, encoding);
    return response.body ? await readAll(response.body, limit) : new Uint8Array();
  } catch (error) {
    await discard(response);
    request.signal?.throwIfAborted();
    if (error instanceof InvalidInputError) throw tooLarge(request.url, limit, error);
    throw isFault(error) ? faultError(error, request.url) : error;
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
    `Cannot read from ${JSON.stringify(host)}: the content came encoded as ${
      JSON.stringify(encoding)
    }, though that was not asked for`,
    { registry: host, expected: "identity", actual: encoding },
  );
}

function tooLarge(url: string, limit: number, cause: unknown): TransferError {
  const host = new URL(url).host;
  return new TransferError(
    `Cannot read from ${JSON.stringify(host)}: the answer is larger than ${limit} bytes`,
    { registry: host, expected: limit, cause },
  );
}
