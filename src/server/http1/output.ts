/**
 * The answer on its way out: its head, and its body as it is or in chunks.
 * @module
 */
import { STATUS_CODES } from "node:http";
import { giveBack } from "../../core/buffers.ts";
import { CHUNK_SIZE, concatBytes } from "../../core/streams.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import type { RequestHead } from "./head.ts";

/** Writes all of the bytes. */
export type WriteAll = (bytes: Uint8Array) => Promise<void>;

/** Parts of an answer up to this size go out together with its head. */
const SMALL = 16 * 1024;

/** Statuses whose answers have neither body nor length (RFC 9110 §8.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** How an answer is sent. */
export interface SendOptions {
  /** What it answers; `undefined` when the request could not be read. */
  readonly request?: Pick<RequestHead, "method" | "takesChunks">;
  /** Whether the connection is closed after it. */
  readonly close: boolean;
  /** Settles when the client is gone: nobody waits for the rest. */
  readonly gone?: Promise<unknown>;
}

/**
 * Sends an answer and tells the bytes of its body. A body without a length is sent in chunks, or up
 * to the end of the connection to a client that does not know them.
 * @throws what the body throws; the client then sees that it is cut off.
 */
export async function sendResponse(
  response: Response,
  write: WriteAll,
  { request, close, gone }: SendOptions,
): Promise<number> {
  await using body = new BodyReader(response, gone);
  if (BODILESS.has(response.status) || request?.method === "HEAD") {
    await write(headBytes(response, { framing: "none", close }));
    return 0;
  }
  const framing = framingOf(response, request);
  const head = headBytes(response, { framing, close: close || framing === "rest" });
  const part = (bytes: Uint8Array) => framing === "chunked" ? chunk(bytes) : bytes;
  // An answer whose length is known is there at once; another begins before anybody knows its end.
  const first = framing === "told" ? await body.next() : undefined;
  await writeTogether(write, first === undefined ? [head] : [head, first]);
  let sent = first?.byteLength ?? 0;
  for (let piece; (piece = await body.next()) !== undefined;) {
    // A large piece is sent while the next one is read. Small ones go to many clients at once, each
    // of which would keep two of them in memory; and each gets one in a turn, since what the system
    // takes of them without waiting, megabytes each, keeps whoever has just come from being heard.
    if (piece.byteLength >= CHUNK_SIZE) body.readAhead();
    else await giveWay();
    sent += piece.byteLength;
    try {
      await write(part(piece));
    } finally {
      giveBack(piece);
    }
  }
  if (framing === "chunked") await write(LAST_CHUNK);
  return sent;
}

/** The body of an answer, piece by piece; it is let go of when the client is gone. */
class BodyReader implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #left = false;
  #ahead: Promise<Uint8Array | undefined> | undefined;

  constructor(response: Response, gone?: Promise<unknown>) {
    this.#reader = response.body?.getReader();
    gone?.then(() => {
      this.#left = true;
      return this.#cancel();
    });
  }

  /** The next piece that has bytes; `undefined` at the end. */
  next(): Promise<Uint8Array | undefined> {
    const next = this.#ahead ?? this.#read();
    this.#ahead = undefined;
    return next;
  }

  /** Begins to read the next piece. */
  readAhead(): void {
    this.#ahead = this.#read();
    this.#ahead.catch(() => undefined);
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await this.#reader?.read() ?? { done: true, value: undefined };
      if (this.#left) throw new Error("The client is gone");
      if (done) return undefined;
      if (value.byteLength > 0) return value;
    }
  }

  /** Lets go of what was not read, or not sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cancel();
    const piece = await this.#ahead?.catch(() => undefined);
    if (piece) giveBack(piece);
  }

  async #cancel(): Promise<void> {
    // Whoever reads hears what is wrong with the body; here nobody wants it any more.
    await this.#reader?.cancel().catch(() => undefined);
  }
}

/** How the client finds the end of the body: by its length, by chunks, or by the last byte. */
type Framing = "told" | "none" | "empty" | "chunked" | "rest";

function framingOf({ headers, body }: Response, request: SendOptions["request"]): Framing {
  if (headers.has("content-length")) return "told";
  if (body === null) return "empty";
  return request?.takesChunks ? "chunked" : "rest";
}

function headBytes(
  response: Response,
  { framing, close }: { readonly framing: Framing; readonly close: boolean },
): Uint8Array {
  const { status, headers } = response;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  lines.push(`date: ${new Date().toUTCString()}`);
  if (framing === "empty") lines.push("content-length: 0");
  if (framing === "chunked") lines.push("transfer-encoding: chunked");
  if (close) lines.push("connection: close");
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}

async function writeTogether(write: WriteAll, parts: readonly Uint8Array[]): Promise<void> {
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (size <= SMALL) return await write(concatBytes(parts));
  for (const part of parts) await write(part);
}

const LAST_CHUNK = new TextEncoder().encode("0\r\n\r\n");

function chunk(bytes: Uint8Array): Uint8Array {
  const size = new TextEncoder().encode(`${bytes.byteLength.toString(16)}\r\n`);
  return concatBytes([size, bytes, LAST_CHUNK.subarray(1, 3)]);
}
