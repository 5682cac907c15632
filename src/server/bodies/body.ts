/**
 * Bodies of requests, bounded and checked for their length.
 * @module
 */
import { CHUNK_SIZE, pieceReader, streamOf } from "../../core/streams.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { onAbort } from "../../core/waiting/on_abort.ts";
import { RegistryFault } from "../fault.ts";

/** The length that a request's header promises, where it has one. */
export function contentLength(request: Request): number | undefined {
  const header = request.headers.get("content-length") ?? "";
  return /^[0-9]{1,15}$/.test(header) ? Number(header) : undefined;
}

/** How to receive a body. */
export interface ReceiveOptions {
  /** Bytes that it must have; any number when absent. */
  readonly expected?: number;
  /** Lets go of the body at once. */
  readonly signal?: AbortSignal;
}

/**
 * The body of an upload request as a stream, each chunk of which is gone with the next. It fails
 * with a fault of the client when the connection breaks, or when the length is not the expected
 * one, and with the reason of the signal; what came before has been passed on by then.
 */
export function receiveBody(
  request: Request,
  options: ReceiveOptions = {},
): ReadableStream<Uint8Array> {
  return streamOf(receive(request, options));
}

async function* receive(
  request: Request,
  { expected, signal }: ReceiveOptions,
): AsyncGenerator<Uint8Array, void> {
  let received = 0;
  for await (const chunk of incoming(request, signal)) {
    received += chunk.byteLength;
    if (expected !== undefined && received > expected) throw wrongLength(expected, received);
    yield chunk;
    // Several that come as fast as they are written would keep those waiting who only ask.
    await giveWay();
  }
  if (expected !== undefined && received < expected) throw wrongLength(expected, received);
}

/** Bodies that are read in large pieces at once; more of them are read in small ones. */
const LARGE_READERS = 32;
const SMALL_PIECE = 64 * 1024;
let readers = 0;

/** The chunks as they come; a broken connection becomes a fault of the client. */
export async function* incoming(
  request: Request,
  signal?: AbortSignal,
  pieceSize: number = CHUNK_SIZE,
): AsyncGenerator<Uint8Array, void> {
  if (!request.body) return;
  const few = readers < LARGE_READERS ? CHUNK_SIZE : SMALL_PIECE;
  const reader = pieceReader(request.body, Math.min(few, pieceSize));
  const letGo = () => void reader.cancel().catch(() => undefined);
  using _stopping = onAbort(signal, letGo);
  readers++;
  try {
    for (;;) {
      const { done, value } = await broken(() => reader.read());
      signal?.throwIfAborted();
      if (done || value === undefined) return;
      if (value.byteLength > 0) yield value;
    }
  } finally {
    readers--;
    letGo();
    reader.release?.();
  }
}

async function broken<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw new RegistryFault("BLOB_UPLOAD_INVALID", { message: "The body broke off", cause });
  }
}

function wrongLength(expected: number, actual: number): RegistryFault {
  return new RegistryFault("SIZE_INVALID", { details: [{ expected, actual }] });
}
