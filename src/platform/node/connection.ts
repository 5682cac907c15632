/**
 * Connections of TCP and TLS.
 * @module
 */
import type { Socket } from "node:net";
import { errors, translated } from "./errors.ts";

/** Bytes that wait in a connection for who reads it. */
const HIGH_WATER_MARK = 256 * 1024;

/** What sockets are made with: the other side may end first, and what is written goes at once. */
export const SOCKETS = {
  allowHalfOpen: true,
  noDelay: true,
  highWaterMark: HIGH_WATER_MARK,
} as const;

export function address(hostname = "", port = 0): Deno.NetAddr {
  return { transport: "tcp", hostname, port };
}

/** A connection. Nothing is read that nobody asked for, apart from what its buffer holds. */
export class Connection {
  readonly #socket: Socket;
  readonly localAddr: Deno.NetAddr;
  readonly remoteAddr: Deno.NetAddr;
  #state: "open" | "ended" | "closed" = "open";
  #failure: unknown;
  /** Called when there may be something to read. */
  #wake = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    this.localAddr = address(socket.localAddress, socket.localPort);
    this.remoteAddr = address(socket.remoteAddress, socket.remotePort);
    const become = (state: "ended" | "closed") => () => {
      if (this.#state !== "closed") this.#state = state;
      this.#wake();
    };
    socket.on("readable", () => this.#wake()).on("end", become("ended"));
    socket.on("close", become("closed")).on("error", (error) => this.#failure ??= error);
    if (socket.destroyed) this.#state = "closed";
  }

  /** Reads what is there, or comes next; `null` when the other side sends no more. */
  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const length = Math.min(into.byteLength, this.#socket.readableLength);
      const chunk: Uint8Array | null = length > 0 ? this.#socket.read(length) : null;
      if (chunk !== null) {
        into.set(chunk);
        return chunk.byteLength;
      }
      if (this.#state === "ended") return null;
      if (this.#state === "closed") throw this.#closed();
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      this.#socket.read(0);
      await woken;
    }
  }

  /** Writes all bytes, and waits until the system has them. */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error) reject(this.#failure === undefined ? translated(error) : this.#closed());
        else resolve(bytes.byteLength);
      });
    });
  }

  /** Tells the other side that there is no more. */
  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) reject(this.#closed());
      else this.#socket.end((error?: Error) => error ? reject(translated(error)) : resolve());
    });
  }

  setNoDelay(noDelay = true): void {
    this.#socket.setNoDelay(noDelay);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Hands the socket to something that is to speak through it. */
  release(): Socket {
    for (const event of ["readable", "end", "close"]) this.#socket.removeAllListeners(event);
    return this.#socket;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #closed(): unknown {
    return translated(this.#failure) ?? new errors.BadResource("The connection is closed");
  }
}
