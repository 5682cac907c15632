/**
 * One connection to a server: exchange after exchange, each ended before the next begins.
 * @module
 */
import { BadMessage } from "../../core/http1/bad_message.ts";
import { Input, type ReadInto } from "../../core/http1/input.ts";
import { StallWatch, withTimeLimit } from "../../core/waiting/time_limit.ts";
import { onAbort } from "../../core/waiting/on_abort.ts";
import { answerBody } from "./answer_body.ts";
import type { AnswerHead } from "./answer_head.ts";
import { closeConn } from "./dial.ts";
import type { Line } from "./line.ts";
import { Outgoing } from "./outgoing.ts";
import { readAnswer } from "./read_answer.ts";

/** Statuses whose answers have no body, as the Fetch standard lists them. */
const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Bytes for which a server may work a millisecond on a body before it answers: some read all of it
 * again, or copy it to where it stays.
 */
const BYTES_A_MILLISECOND = 32 * 1024;

/** How a connection is used. */
export interface ConnectionOptions {
  /** Told when an exchange is over, or the connection is. */
  readonly ended: (connection: Connection) => void;
  /** The proxy that it leads to, where that passes each request on. */
  readonly relay?: URL;
}

/** A connection. */
export class Connection {
  readonly #conn: Line;
  readonly #input: Input;
  readonly #options: ConnectionOptions;
  #isResting = false;
  /** Whether no more can be sent or read. */
  isClosed = false;
  /** Whether bytes came of the answer to the last request. */
  wasAnswered = false;
  /** When it was used last, in milliseconds of `performance.now()`. */
  restsSince = 0;

  /** Takes a connection over. */
  constructor(conn: Line, options: ConnectionOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#input = new Input((into) => conn.read(into));
  }

  /**
   * Sends a request with its body, and gives the answer, which may come before the body is sent.
   * @throws {TransientError} when the server takes nothing of a body for `stallTime` milliseconds,
   * or does not answer to one that it has.
   * @throws {BadMessage} when the answer is malformed; the reason of the request's signal.
   */
  async exchange(request: Request, stallTime: number): Promise<Response> {
    const { signal, method } = request;
    this.#wake();
    const stopping = onAbort(signal, () => this.close());
    const ended = (isWhole: boolean) => {
      stopping[Symbol.dispose]();
      if (isWhole) this.#rest();
      else this.close();
    };
    try {
      const answer = readAnswer(this.#input, method, () => this.wasAnswered = true);
      const { relay } = this.#options;
      const outgoing = new Outgoing(this.#conn, { watch: new StallWatch(stallTime), relay });
      answer.then(() => outgoing.stop(), () => outgoing.stop());
      const { bytes, isWhole } = await outgoing.send(request);
      const limit = stallTime + bytes / BYTES_A_MILLISECOND;
      const head = request.body === null ? await answer : await withTimeLimit(limit, () => answer);
      signal.throwIfAborted();
      // A server that answered early is not sent the rest: the connection cannot be used again.
      const reusable = isWhole && head.keepAlive;
      return this.#response(head, signal, (isRead) => ended(isRead && reusable));
    } catch (error) {
      ended(false);
      signal.throwIfAborted();
      throw error;
    }
  }

  /** Ends the connection at once. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    closeConn(this.#conn);
    this.#options.ended(this);
  }

  #response(
    { status, headers, length }: AnswerHead,
    signal: AbortSignal,
    ended: (isWhole: boolean) => void,
  ): Response {
    if (status < 200 || BODYLESS.has(status) || length === 0) {
      ended(length === 0);
      return new Response(null, { status, headers });
    }
    const failure = (error: unknown) => {
      if (signal.aborted) return signal.reason;
      return error instanceof BadMessage ? brokenOff(error) : error;
    };
    const body = answerBody(this.#bodyReader(length), { ended, failure });
    return new Response(body, { status, headers });
  }

  #bodyReader(length: AnswerHead["length"]): ReadInto {
    if (length === "rest") return this.#input.restBody();
    return length === "chunked" ? this.#input.chunkedBody() : this.#input.sizedBody(length);
  }

  #wake(): void {
    this.#isResting = false;
    this.wasAnswered = false;
    this.#conn.ref();
  }

  /** Waits for the next request; whatever the server sends unasked ends the connection. */
  #rest(): void {
    if (this.#input.hasMore) return this.close();
    this.#isResting = true;
    this.restsSince = performance.now();
    const unasked = () => this.#isResting && this.close();
    this.#input.fill().then(unasked, unasked);
    // Nobody waits for a connection that does nothing.
    this.#conn.unref();
    this.#options.ended(this);
  }
}

/** The words by which a lost connection is recognized: the beginning of the answer was right. */
function brokenOff(cause: BadMessage): Error {
  return new Error("The body is incomplete", { cause });
}
