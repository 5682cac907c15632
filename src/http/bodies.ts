/**
 * Bodies of answers: read within a limit, or thrown away.
 * @module
 */
import { pieceSize } from "../core/content/piece_size.ts";
import { quote } from "../core/text.ts";
import { InvalidInputError, TransferError } from "../core/errors.ts";
import { EarnedTime } from "../core/waiting/earned_time.ts";
import { DEFAULT_RETRY } from "../core/retry.ts";
import { Gathered, pieceReader } from "../core/streams.ts";
import { StallWatch } from "../core/waiting/time_limit.ts";
import { faultError, isFault } from "./faults.ts";

/** What was asked for, and the milliseconds of silence that are a lost connection. */
export interface BodyRequest {
  readonly url: string;
  readonly signal?: AbortSignal;
  readonly stallTime?: number;
}

/**
 * Reads the body of the answer to a request into memory; `stallTime` is that of a retry policy.
 * @throws {TransferError} when it is larger than `limit` bytes, cut off, silent for too long, comes
 * too slowly (it has the time of a silence, and a millisecond for each byte that came), or in ever
 * more pieces of next to nothing.
 */
export async function readBody(
  response: Response,
  request: BodyRequest,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    checkEncoding(response.headers, request.url);
    return await readRaw(response, request, limit);
  } catch (error) {
    await discard(response);
    throw isFault(error, request.signal) ? faultError(error, request.url) : error;
  }
}

/** An answer whose body is in memory. */
export interface AnswerInMemory {
  readonly response: Response;
  /** Bytes of the body. */
  readonly size: number;
}

/**
 * Reads the body of an answer into memory, and gives it as an answer. Faults of the network come
 * as they are.
 * @throws {TransferError} when the body is larger than `limit` bytes.
 */
export async function inMemory(
  response: Response,
  request: BodyRequest,
  limit: number,
): Promise<AnswerInMemory> {
  if (!response.body) return { response, size: 0 };
  const { status, headers } = response;
  const bytes = await readRaw(response, request, limit);
  return { response: new Response(bytes, { status, headers }), size: bytes.byteLength };
}

/**
 * Pieces of a body in memory from which on they have to be of some bytes each: those of a server
 * that sends a byte at a time cost it nothing, and us as much of the processor as a kilobyte each.
 */
const MANY_PIECES = 64 * 1024;
const LEAST_PIECE = 16;

async function readRaw(
  response: Response,
  { url, signal, stallTime = DEFAULT_RETRY.stallTime }: BodyRequest,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.body) return new Uint8Array();
  const reader = pieceReader(response.body, pieceSize(response.headers));
  const watch = new StallWatch(stallTime, signal);
  using _kept = watch.keep();
  const time = new EarnedTime(stallTime);
  const gathered = new Gathered(limit);
  try {
    for (let pieces = 1;; pieces++) {
      const { done, value } = await watch.during(() => reader.read());
      if (value) gathered.add(value);
      if (done) return gathered.bytes();
      if (pieces >= MANY_PIECES && gathered.size < pieces * LEAST_PIECE) {
        throw inCrumbs(url, gathered.size, pieces);
      }
      const tooLittle = time.tooLittle(gathered.size);
      if (tooLittle !== undefined) throw tooSlow(url, gathered.size, tooLittle);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof InvalidInputError ? tooLarge(url, limit, error) : error;
  } finally {
    // A read that never ended ends with this; why, is thrown already.
    await reader.cancel().catch(() => undefined);
  }
}

/** Throws the rest of an answer away, so that its connection is free. */
export async function discard(response: Response): Promise<void> {
  // A body that broke already needs no cancelling.
  if (!response.body?.locked) await response.body?.cancel().catch(() => {});
}

/** The content codings of RFC 9110 §8.4.1 and its registry that change bytes. */
const CODINGS = /^(?:x-)?(?:gzip|compress|deflate|br|zstd|dcb|dcz|exi|pack200-gzip)$/;

/** The coding that changed the bytes of an answer, if one did. */
export function codingOf(headers: Headers): string | undefined {
  // Object stores send back whatever they were told of a file: "", "binary", "aws-chunked", …
  const named = (headers.get("Content-Encoding") ?? "").toLowerCase().split(",");
  return named.map((coding) => coding.trim()).find((coding) => CODINGS.test(coding));
}

/**
 * Makes sure that nothing on the way has encoded an answer of `url`.
 * @throws {TransferError} when something did.
 */
export function checkEncoding(headers: Headers, url: string): void {
  const coding = codingOf(headers);
  if (coding === undefined) return;
  const host = new URL(url).host;
  throw new TransferError(
    `Cannot read from ${quote(host)}: the content came encoded as ${
      quote(coding)
    }, though that was not asked for`,
    { registry: host, expected: "identity", actual: coding },
  );
}

function tooSlow(url: string, bytes: number, found: string): TransferError {
  const host = new URL(url).host;
  return new TransferError(`Cannot read from ${quote(host)}: ${found}`, {
    registry: host,
    actual: bytes,
  });
}

function inCrumbs(url: string, bytes: number, pieces: number): TransferError {
  const host = new URL(url).host;
  return new TransferError(
    `Cannot read from ${
      quote(host)
    }: the answer comes in crumbs, ${bytes} bytes in ${pieces} pieces`,
    { registry: host, expected: LEAST_PIECE * pieces, actual: bytes },
  );
}

function tooLarge(url: string, limit: number, cause: unknown): TransferError {
  const host = new URL(url).host;
  return new TransferError(
    `Cannot read from ${quote(host)}: the answer is larger than ${limit} bytes`,
    { registry: host, expected: limit, cause },
  );
}
