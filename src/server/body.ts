/**
 * Bodies of requests, bounded and checked for their length.
 * @module
 */
import { concatBytes, streamOf } from "../core/streams.ts";
import { RegistryFault } from "./fault.ts";

/** The length that a request's header promises, where it has one. */
export function contentLength(request: Request): number | undefined {
  const header = request.headers.get("content-length") ?? "";
  return /^[0-9]{1,15}$/.test(header) ? Number(header) : undefined;
}

/**
 * The body of an upload request as a stream. It fails with a fault of the client when the
 * connection breaks, or when the length is not `expected`; what came before has been passed on by
 * then.
 */
export function receiveBody(request: Request, expected?: number): ReadableStream<Uint8Array> {
  return streamOf(receive(request, expected));
}

async function* receive(request: Request, expected?: number): AsyncGenerator<Uint8Array, void> {
  let received = 0;
  for await (const chunk of incoming(request)) {
    received += chunk.byteLength;
    if (expected !== undefined && received > expected) throw wrongLength(expected, received);
    yield chunk;
  }
  if (expected !== undefined && received < expected) throw wrongLength(expected, received);
}

/** The chunks as they come; a broken connection becomes a fault of the client. */
async function* incoming(request: Request): AsyncGenerator<Uint8Array, void> {
  if (!request.body) return;
  try {
    yield* request.body;
  } catch (cause) {
    throw new RegistryFault("BLOB_UPLOAD_INVALID", { message: "The body broke off", cause });
  }
}

function wrongLength(expected: number, actual: number): RegistryFault {
  return new RegistryFault("SIZE_INVALID", { details: [{ expected, actual }] });
}

/**
 * Reads the body of a document into memory.
 * @throws {RegistryFault} of status 413 as soon as it is known to be larger than `limit` bytes.
 */
export async function readDocument(
  request: Request,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = new RegistryFault("SIZE_INVALID", {
    status: 413,
    message: `The document is larger than ${limit} bytes`,
  });
  if ((contentLength(request) ?? 0) > limit) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of incoming(request)) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge;
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}
