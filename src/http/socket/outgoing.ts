/**
 * A request on its way out: its head and its body, until the server answers.
 * @module
 */
import { CHUNK_SIZE, concatBytes, pieceReader } from "../../core/streams.ts";
import type { StallWatch } from "../../core/waiting/time_limit.ts";
import type { Line } from "./line.ts";
import { requestHead, sentLength } from "./request_head.ts";

/** What was sent of a request. */
export interface Sent {
  /** Bytes of the body. */
  readonly bytes: number;
  /** Whether all of it was sent. */
  readonly isWhole: boolean;
}

/** How requests are sent. */
export interface OutgoingOptions {
  /** Bounds how long the server may take nothing. */
  readonly watch: StallWatch;
  /** The proxy that passes them on. */
  readonly relay?: URL;
}

/** The outgoing half of a connection. */
export class Outgoing {
  readonly #conn: Line;
  readonly #watch: StallWatch;
  readonly #relay: URL | undefined;
  #isStopped = false;
  #wake: (() => void) | undefined;

  /** Writes to a connection. */
  constructor(conn: Line, { watch, relay }: OutgoingOptions) {
    this.#conn = conn;
    this.#watch = watch;
    this.#relay = relay;
  }

  /** Ends the sending: the server has answered, or is gone. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  /**
   * Sends a request, until the server answers.
   * @throws what the body throws; {@link Error} when it has not the length that it says.
   */
  async send(request: Request): Promise<Sent> {
    using _watch = this.#watch.keep();
    const length = sentLength(request);
    const isChunked = length === "chunked";
    let bytes = 0;
    if (request.body !== null && !isChunked && length <= SMALL_BODY) {
      return await this.#sendSmall(request, request.body, length);
    }
    let isWhole = await this.#write(requestHead(request, this.#relay));
    if (!isWhole || request.body === null) return { bytes, isWhole };
    const body = pieceReader(request.body, isChunked ? CHUNK_SIZE : Math.min(CHUNK_SIZE, length));
    try {
      for (let piece; !(piece = await body.read()).done;) {
        const { value: chunk = NOTHING } = piece;
        if (!isChunked && bytes + chunk.byteLength > length) throw wrongLength(length);
        isWhole = await (isChunked ? this.#writeChunk(chunk) : this.#write(chunk));
        if (!isWhole) return { bytes, isWhole };
        bytes += chunk.byteLength;
      }
    } finally {
      // One that broke, or was read to its end, needs no cancelling.
      await body.cancel().catch(() => undefined);
    }
    if (isChunked) isWhole = await this.#write(LAST_CHUNK);
    else if (bytes < length) throw wrongLength(length);
    return { bytes, isWhole };
  }

  /** Sends a request whose body is small in one write: of thousands, each write counts. */
  async #sendSmall(
    request: Request,
    body: ReadableStream<Uint8Array>,
    length: number,
  ): Promise<Sent> {
    const pieces: Uint8Array[] = [requestHead(request, this.#relay)];
    const reader = pieceReader(body, length);
    let bytes = 0;
    try {
      for (let piece; !(piece = await reader.read()).done;) {
        const { value = NOTHING } = piece;
        bytes += value.byteLength;
        if (bytes > length) throw wrongLength(length);
        // The reader fills the same memory again.
        pieces.push(value.slice());
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
    if (bytes < length) throw wrongLength(length);
    return { bytes, isWhole: await this.#write(concatBytes(pieces)) };
  }

  /** Writes a chunk with its size; one without bytes would be the last. */
  async #writeChunk(bytes: Uint8Array): Promise<boolean> {
    if (bytes.byteLength === 0) return true;
    const size = ENCODER.encode(`${bytes.byteLength.toString(16)}\r\n`);
    return await this.#write(size) && await this.#write(bytes) && await this.#write(LINE_END);
  }

  /** Writes all of the bytes; `false` when the server answered before. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    for (let offset = 0; offset < bytes.byteLength;) {
      const rest = bytes.subarray(offset);
      const count = await this.#watch.during(() => this.#writeSome(rest));
      if (count === 0) return false;
      offset += count;
    }
    return true;
  }

  /**
   * Writes some of the bytes; 0 when the server has answered, or hung up: why, is learned from what
   * it has sent.
   */
  #writeSome(bytes: Uint8Array): Promise<number> {
    // Not a race against the answer: it would keep what has to be told of each single write.
    return new Promise((resolve) => {
      const stop = () => resolve(0);
      if (this.#isStopped) return stop();
      this.#wake = stop;
      this.#conn.write(bytes).then(resolve, stop);
    });
  }
}

/** Bytes of a body up to which it is sent together with the head. */
const SMALL_BODY = 16 * 1024;

const NOTHING = new Uint8Array();
const ENCODER = new TextEncoder();
const LINE_END = ENCODER.encode("\r\n");
const LAST_CHUNK = ENCODER.encode("0\r\n\r\n");

function wrongLength(length: number): Error {
  return new Error(`The body of the request has not the ${length} bytes that it says`);
}
