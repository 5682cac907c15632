/**
 * The body of an answer: a stream, and for who reads it in pieces, straight from the connection.
 * @module
 */
import { BodyPieces } from "../../core/http1/body_pieces.ts";
import type { ReadInto } from "../../core/http1/input.ts";
import { offerPieces } from "../../core/streams.ts";

/** Memory for reading where the reader brings none. */
const PIECE = 64 * 1024;

/** Who hears of a body. */
interface BodyListener {
  /** Told once whether all of it was read; what is left of one that is cancelled is not read. */
  readonly ended: (isWhole: boolean) => void;
  /** Makes what is thrown of what went wrong. */
  readonly failure: (error: unknown) => unknown;
}

/** Makes the stream of a body. */
export function answerBody(
  read: ReadInto,
  { ended, failure }: BodyListener,
): ReadableStream<Uint8Array> {
  let isOver = false;
  const end = (isWhole: boolean) => {
    if (!isOver) ended(isWhole);
    isOver = true;
  };
  const next: ReadInto = async (into) => {
    try {
      const count = await read(into);
      if (count === 0) end(true);
      return count;
    } catch (error) {
      end(false);
      throw failure(error);
    }
  };
  const stream: ReadableStream<Uint8Array> = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: PIECE,
    async pull(controller) {
      const request = controller.byobRequest;
      const count = await next(request?.view as Uint8Array);
      if (count === 0) controller.close();
      request?.respond(count);
    },
    cancel: () => end(false),
  });
  offerPieces(stream, (size) => new BodyPieces(read, { size, ended: end, failure }));
  return stream;
}
