/**
 * Content on its way to clients: in large pieces to a few of them, in smaller ones to many, so that
 * slow readers of large blobs do not hold a lot of memory.
 * @module
 */
import { CHUNK_SIZE } from "../../core/streams.ts";
import type { ByteRange } from "../../core/content/source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Exchange } from "../exchange.ts";

/** Answers whose pieces are of the full size. */
const LARGE_PIECES = 4;

/** The smallest piece of an answer. */
const SMALLEST = 16 * 1024;

/** Answers that are being read by clients. */
let open = 0;

/** The size of the next piece of any answer: all share what a few may have. */
function pieceSize(): number {
  const share = CHUNK_SIZE * LARGE_PIECES / open;
  return Math.max(SMALLEST, Math.min(CHUNK_SIZE, 2 ** Math.floor(Math.log2(share))));
}

/** Opens content as the body of an answer. */
export async function openAnswer(
  { store, operation }: Exchange,
  descriptor: Descriptor,
  range?: ByteRange,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  open++;
  try {
    const body = await store.open(descriptor, { ...operation, range, pieceSize });
    return counted(body as ReadableStream<Uint8Array<ArrayBuffer>>);
  } catch (error) {
    open--;
    throw error;
  }
}

/** The same stream, which counts as open until it was read, or let go of. */
function counted(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let isOpen = true;
  const end = () => {
    if (isOpen) open--;
    isOpen = false;
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        end();
        throw error;
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
