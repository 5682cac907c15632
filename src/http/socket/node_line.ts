/**
 * A socket of `node:net` or `node:tls` as a connection of the platform.
 * @module
 */
import type { Socket } from "node:net";
import { collectGarbage } from "../../core/runtime/garbage.ts";
import type { Line } from "./line.ts";

/** Bytes that are given to a socket at once; it keeps several times as much in memory. */
const WRITTEN = 64 * 1024;

/** Bytes that are read between two looks at what lies about. */
const READ = 4 * 1024 * 1024;

/**
 * Bytes of buffers that may lie about: the platform takes a new one for each piece that it reads,
 * and leaves 150 MB of them. With less, a gigabyte takes twice as much of the processor.
 */
const LYING = 48 * 1024 * 1024;

/** What may end the wait for bytes. */
const EVENTS = ["readable", "end", "close"] as const;

/** A connection over a socket. Nothing is read that nobody asked for, apart from its buffer. */
export class NodeLine implements Line {
  readonly #socket: Socket;
  #failure: Error | undefined;
  /** Bytes that were read since somebody looked at what lies about. */
  #unseen = 0;
  /** Why the other side takes no more. */
  #refusal: Error | undefined;
  #wake = () => {};
  readonly #happened = () => this.#wake();

  /** Listens to a socket, until that is handed on. */
  constructor(socket: Socket) {
    this.#socket = socket;
    for (const event of EVENTS) socket.on(event, this.#happened);
    const write = socket._write.bind(socket);
    // A write that fails would end the reading too. Whoever hangs up early has often said why.
    socket._write = (bytes, encoding, done) =>
      write(bytes, encoding, (error) => {
        this.#refusal ??= error ?? undefined;
        done();
      });
    // Stays: a connection may break at any time.
    socket.on("error", (error) => this.#failure ??= error);
  }

  /** Waits for an event of the socket, and no longer than it lives. */
  until(event: "connect" | "secureConnect"): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once(event, resolve);
      this.#socket.once("close", () => reject(this.#closed()));
    });
  }

  /** Reads what is there, or comes next; `null` when the other side sends no more. */
  async read(into: Uint8Array): Promise<number | null> {
    const socket = this.#socket;
    for (;;) {
      const length = Math.min(into.byteLength, socket.readableLength);
      const chunk: Uint8Array | null = length > 0 ? socket.read(length) : null;
      if (chunk !== null) {
        into.set(chunk);
        this.#unseen += chunk.byteLength;
        if (this.#unseen > READ) {
          this.#unseen = 0;
          collectGarbage(LYING);
        }
        return chunk.byteLength;
      }
      if (socket.readableEnded) return null;
      if (socket.destroyed) throw this.#closed();
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      socket.read(0);
      await woken;
    }
  }

  /** Writes some of the bytes, and waits until the system has them. */
  write(bytes: Uint8Array): Promise<number> {
    const some = bytes.subarray(0, WRITTEN);
    return new Promise((resolve, reject) => {
      this.#socket.write(some, (error) => {
        const failure = error ?? this.#refusal;
        if (failure) reject(failure);
        else resolve(some.byteLength);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  /** The socket, for who is to speak through it: nobody else may listen to what is readable. */
  handOn(): Socket {
    for (const event of EVENTS) this.#socket.removeListener(event, this.#happened);
    return this.#socket;
  }

  #closed(): Error {
    return this.#failure ?? new Error("The connection was closed");
  }
}
