/**
 * The body of a request: read by the handler, or skipped.
 * @module
 */
import { borrowBuffer, giveBack } from "../../core/buffers.ts";
import { BodyPieces } from "../../core/http1/body_pieces.ts";
import type { ReadInto } from "../../core/http1/input.ts";
import { offerPieces } from "../../core/streams.ts";
import type { RequestHead } from "./head.ts";

/** Memory for reading where the reader brings none. */
const PIECE = 64 * 1024;

/** How a body reaches its reader. */
export interface BodySource {
  readonly read: ReadInto;
  /** Waits for the client within its patience. */
  during(work: () => Promise<number>): Promise<number>;
  /** Tells the client that the body is wanted. */
  invite(): Promise<void>;
}

/** A body. */
export class Body {
  readonly #source: BodySource;
  readonly #length: number | "chunked";
  #isInvited: boolean;
  #isEnded: boolean;
  #isReading = false;
  /** Bytes that were read. */
  bytes = 0;

  /** Makes the body that follows a head. */
  constructor(head: Pick<RequestHead, "length" | "expectsContinue">, source: BodySource) {
    this.#source = source;
    this.#length = head.length;
    this.#isInvited = !head.expectsContinue;
    this.#isEnded = head.length === 0;
  }

  /** Whether all of it was read. */
  get isRead(): boolean {
    return this.#isEnded || this.bytes === this.#length;
  }

  /** The body as a stream that fills the buffers it is given, and can be read in pieces. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const stream: ReadableStream<Uint8Array<ArrayBuffer>> = new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: PIECE,
      pull: async (controller) => {
        const request = controller.byobRequest;
        const view = request?.view as Uint8Array;
        const count = await this.#read(view);
        if (count === 0) controller.close();
        request?.respond(count);
      },
    });
    const read: ReadInto = (into) => this.#read(into);
    offerPieces(stream, (size) => new BodyPieces(read, { size, ended: () => {} }));
    return stream;
  }

  /** Reads on and throws away, at most so many bytes; whether that was the end. */
  async skip(limit: number): Promise<boolean> {
    if (this.isRead) return true;
    // A client that waits for an invitation sends nothing without one; and a read that was given
    // up on still takes the next bytes.
    if (!this.#isInvited || this.#isReading) return false;
    if (this.#length !== "chunked" && this.#length - this.bytes > limit) return false;
    const piece = borrowBuffer(PIECE);
    for (const end = this.bytes + limit; this.bytes < end;) {
      if (await this.#read(piece) > 0) continue;
      giveBack(piece);
      return true;
    }
    giveBack(piece);
    return false;
  }

  async #read(into: Uint8Array): Promise<number> {
    if (!this.#isInvited) {
      this.#isInvited = true;
      await this.#source.invite();
    }
    this.#isReading = true;
    const count = await this.#source.during(() => this.#source.read(into));
    this.#isReading = false;
    if (count === 0) this.#isEnded = true;
    this.bytes += count;
    return count;
  }
}
