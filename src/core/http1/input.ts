/**
 * What comes in on a connection: heads, and the bodies that follow them. Bytes that came before
 * they were asked for are kept.
 * @module
 */
import { BadMessage } from "./bad_message.ts";
import { indexOfMark, latin1Text } from "./latin1.ts";

/** Reads into a buffer; 0 is the end. */
export type ReadInto = (into: Uint8Array) => Promise<number>;

/** Reads from a connection of the platform, as that tells it: `null` is the end. */
export type Receive = (into: Uint8Array) => Promise<number | null>;

/** The largest head of a message. */
const HEAD_LIMIT = 32 * 1024;

/** The longest line within a body in chunks: a size and its extensions, or a trailer. */
const LINE_LIMIT = 4 * 1024;

/** The most lines after the last chunk. */
const TRAILER_LIMIT = 50;

/**
 * Bytes asked for at once where nobody knows how many come: an idle connection costs one of these.
 */
const PIECE = 4 * 1024;

const [TAB, LF, CR, SPACE, SEMICOLON, TILDE] = [0x09, 0x0a, 0x0d, 0x20, 0x3b, 0x7e];

/** The value of a hexadecimal digit; `undefined` of any other byte. */
function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}

/** Where the extensions end that may stand behind the size of a chunk: they tell us nothing. */
function pastExtensions(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  if (bytes[at] === SEMICOLON) { while (isInLine(bytes[at])) at++; }
  return at;
}

function isInLine(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= SPACE && byte <= TILDE || byte === TAB);
}

/** Bytes around chunks that a body may have beyond those that each chunk is allowed. */
const SURPLUS_LIMIT = 16 * 1024;

/**
 * What stands around the chunks of a body beyond what they need: without a limit, four kilobytes of
 * extensions for each byte would be a body of gigabytes. Counted as Go's `net/http` does.
 */
class Surplus {
  #bytes = 0;

  /** Counts the line before a chunk of so many bytes. */
  add(line: number, size: number): void {
    this.#bytes = Math.max(0, this.#bytes + line - 16 - 2 * size);
    if (this.#bytes <= SURPLUS_LIMIT) return;
    throw new BadMessage(400, "There is more around the chunks of the body than in them");
  }
}

/** The incoming half of a connection. */
export class Input {
  readonly #receive: Receive;
  /** Where bytes wait that nobody has asked for yet: those of `#held`. */
  #buffer = new Uint8Array();
  #held: Uint8Array = this.#buffer;
  #ahead: Promise<boolean> | undefined;

  /** Reads from a connection. */
  constructor(receive: Receive) {
    this.#receive = receive;
  }

  /**
   * The text of the next head, one character a byte, without the empty line that ends it;
   * `undefined` when the other side sends no more. `begun` is called with its first byte.
   * @throws {BadMessage} when it is too large, cut off, or of another protocol.
   */
  async head(begun: () => void): Promise<string | undefined> {
    while (this.#held.byteLength === 0) if (!await this.fill()) return undefined;
    begun();
    // A client that tries TLS first waits for the answer to its greeting, which has no lines.
    const [first = 0] = this.#held;
    if (first !== CR && (first <= 0x20 || first >= 0x7f)) {
      throw new BadMessage(400, "This is not HTTP");
    }
    const head = await this.#until("\r\n\r\n", HEAD_LIMIT, 431);
    // Clients of old sent an empty line after a body (RFC 9112 §2.2).
    return head.replace(/^\r\n/, "");
  }

  /** Whether bytes are here that nobody has asked for yet. */
  get hasMore(): boolean {
    return this.#held.byteLength > 0;
  }

  /**
   * Reads what comes next; `null` or 0 is the end. Not `async` for what comes straight from the
   * connection: TLS gives 16 KiB at a time, and each promise in between costs as much as a read.
   */
  read(into: Uint8Array): Promise<number | null> {
    const isStraight = this.#held.byteLength === 0 && this.#ahead === undefined;
    return isStraight ? this.#receive(into) : this.#readHeld(into);
  }

  async #readHeld(into: Uint8Array): Promise<number | null> {
    // What is read ahead may be for the next message: what is here already does not wait for it.
    if (this.#held.byteLength === 0) await this.#ahead;
    if (this.#held.byteLength === 0) return await this.#receive(into);
    const count = Math.min(into.byteLength, this.#held.byteLength);
    into.set(this.#held.subarray(0, count));
    this.#held = this.#held.subarray(count);
    return count;
  }

  /** Waits for more bytes, and keeps them; `false` when the other side sends no more. */
  fill(): Promise<boolean> {
    // One read at a time: whoever comes second waits for the same bytes.
    return this.#ahead ??= this.#more().finally(() => this.#ahead = undefined);
  }

  async #more(): Promise<boolean> {
    const count = await this.#receive(this.#room()) ?? 0;
    const { buffer, byteOffset, byteLength } = this.#held;
    this.#held = new Uint8Array(buffer, byteOffset, byteLength + count);
    return count > 0;
  }

  /**
   * Where the bytes after those that are held go: a buffer that serves for all messages of a
   * connection, since a fresh one for each read is what a busy server would have most of.
   */
  #room(): Uint8Array {
    const { byteOffset, byteLength } = this.#held;
    const end = byteOffset + byteLength;
    if (byteLength > 0 && this.#buffer.byteLength - end >= PIECE / 4) {
      return this.#buffer.subarray(end);
    }
    const old = this.#held;
    if (byteLength + PIECE / 4 > this.#buffer.byteLength) {
      this.#buffer = new Uint8Array(Math.max(PIECE, 2 * byteLength));
    }
    this.#buffer.set(old);
    this.#held = this.#buffer.subarray(0, byteLength);
    return this.#buffer.subarray(byteLength);
  }

  /** The text up to a mark, which is read as well. */
  async #until(mark: string, limit: number, status: number): Promise<string> {
    for (;;) {
      const held = this.#held;
      // Not at the very beginning: an empty line there ends nothing.
      const end = indexOfMark(held, mark, mark === "\r\n" ? 0 : 1);
      if (end > limit || end < 0 && held.byteLength > limit) {
        const isFirstLine = status === 431 && indexOfMark(held.subarray(0, limit), "\r\n", 1) < 0;
        const message = `More than ${limit} bytes come before the end of a line`;
        throw new BadMessage(isFirstLine ? 414 : status, message);
      }
      if (end >= 0) {
        this.#held = held.subarray(end + mark.length);
        return latin1Text(held.subarray(0, end));
      }
      if (!await this.fill()) throw new BadMessage(400, "The message is cut off");
    }
  }

  /** A reader of a body that ends with the connection. */
  restBody(): ReadInto {
    return async (into) => await this.read(into) ?? 0;
  }

  /** A reader of a body of so many bytes. */
  sizedBody(length: number): ReadInto {
    let left = length;
    return async (into) => {
      if (left === 0) return 0;
      const count = await this.read(into.subarray(0, left));
      if (!count) throw new BadMessage(400, "The body is cut off");
      left -= count;
      return count;
    };
  }

  /** A reader of a body in chunks (RFC 9112 §7.1); what stands after the last one is left out. */
  chunkedBody(): ReadInto {
    const surplus = new Surplus();
    let left = 0;
    let state: "first" | "next" | "end" = "first";
    return async (into) => {
      if (state === "end") return 0;
      if (left === 0) {
        if (state === "next") await this.#emptyLine();
        left = await this.#chunkSize(surplus);
        state = "next";
        if (left === 0) {
          state = "end";
          await this.#trailer();
          return 0;
        }
      }
      const count = await this.read(into.subarray(0, left));
      if (!count) throw new BadMessage(400, "The body is cut off");
      left -= count;
      return left > 0 ? count : count + this.#wholeChunks(into.subarray(count), surplus);
    };
  }

  /**
   * Takes further chunks that are here whole, and tells their bytes. One by one, a body of chunks
   * of one byte would take the thread from everybody else.
   */
  #wholeChunks(into: Uint8Array, surplus: Surplus): number {
    const held = this.#held;
    let [from, taken] = [0, 0];
    while (held[from] === CR && held[from + 1] === LF) {
      let [at, size] = [from + 2, 0];
      for (let digit; size < PIECE && (digit = hexDigit(held[at])) !== undefined; at++) {
        size = size * 16 + digit;
      }
      at = pastExtensions(held, at);
      if (size === 0 || held[at] !== CR || held[at + 1] !== LF) break;
      const end = at + 2 + size;
      if (end > held.byteLength || taken + size > into.byteLength) break;
      surplus.add(at - from - 2, size);
      into.set(held.subarray(at + 2, end), taken);
      taken += size;
      from = end;
    }
    this.#held = held.subarray(from);
    return taken;
  }

  async #chunkSize(surplus: Surplus): Promise<number> {
    const line = await this.#until("\r\n", LINE_LIMIT, 400);
    const digits = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;[\t\x20-\x7e]*)?$/.exec(line)?.[1];
    if (digits === undefined) throw new BadMessage(400, "The size of a chunk is malformed");
    const size = parseInt(digits, 16);
    surplus.add(line.length, size);
    return size;
  }

  async #emptyLine(): Promise<void> {
    if (await this.#until("\r\n", LINE_LIMIT, 400) === "") return;
    throw new BadMessage(400, "A chunk is longer than its size");
  }

  async #trailer(): Promise<void> {
    for (let lines = 0; lines < TRAILER_LIMIT; lines++) {
      if (await this.#until("\r\n", LINE_LIMIT, 400) === "") return;
    }
    throw new BadMessage(431, "The body has too many fields after it");
  }
}
