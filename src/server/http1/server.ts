/**
 * A server of HTTP/1.1: takes connections, within what the system has file descriptors for.
 *
 * It is not the runtime's own, which has no limit of time for a head or a body, ends when there are
 * no file descriptors left, and passes bodies on in pieces of 64 KiB: receiving a gigabyte took it
 * 0.73 s of the processor, the server of `node:http` 0.64 s (and after the first connection that
 * found no descriptor it took no other), and this one 0.23 s.
 * @module
 */
import { pause } from "../../core/retry.ts";
import { collectGarbage } from "../../core/runtime/garbage.ts";
import { withTimeLimit } from "../../core/waiting/time_limit.ts";
import { every } from "../schedule.ts";
import { Connection, type ConnectionHost } from "./connection.ts";

/** What takes connections: `Deno.listen` and `Deno.listenTls` make it. */
export type Listener = Pick<Deno.Listener, "accept" | "close">;

/** How a server behaves. */
export interface ServerOptions extends Omit<ConnectionHost, "isStopping"> {
  /** The most connections at once; those beyond are answered with 503. */
  readonly connectionLimit: number;
}

/** Milliseconds between two looks at who has been silent for too long. */
const LOOK_INTERVAL = 1000;

/** Milliseconds without taking connections when there is no descriptor, and none to be freed. */
const PAUSE = 100;

/** Connections that are refused at once; more are closed without a word. */
const REFUSAL_LIMIT = 16;

/** A server that runs. */
export class HttpServer {
  readonly #listener: Listener;
  readonly #options: ServerOptions;
  readonly #host: ConnectionHost;
  readonly #connections = new Map<Connection, Promise<void>>();
  readonly #stopping = new AbortController();
  #refusals = 0;
  /** Resolves when the last connection has ended after the server was stopped. */
  readonly finished: Promise<void>;

  /** Serves what comes in at a listener, until it is stopped. */
  constructor(listener: Listener, options: ServerOptions) {
    this.#listener = listener;
    this.#options = options;
    const { signal } = this.#stopping;
    this.#host = { ...options, isStopping: () => signal.aborted };
    this.finished = this.#run();
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Takes no more connections or requests; those under way go on. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#listener.close();
    for (const connection of this.#connections.keys()) {
      if (connection.isIdle) connection.close();
    }
  }

  /** Ends all connections at once. */
  cut(): void {
    this.stop();
    for (const connection of this.#connections.keys()) connection.close();
  }

  async #run(): Promise<void> {
    using _looks = every(LOOK_INTERVAL, () => this.#look());
    for (let conn; (conn = await this.#accept()) !== undefined;) this.#take(conn);
    await Promise.all(this.#connections.values());
  }

  /** The next connection; `undefined` when the server was stopped. */
  async #accept(): Promise<Deno.Conn | undefined> {
    for (;;) {
      try {
        return await this.#listener.accept();
      } catch (error) {
        const { signal } = this.#stopping;
        if (signal.aborted) return undefined;
        // No descriptor, or a client that left before it was taken: the next one may fare better.
        this.#options.failed(error);
        const wait = this.#makeRoom() ? 0 : PAUSE;
        await pause(wait, {}, signal).catch(() => undefined);
      }
    }
  }

  #take(conn: Deno.Conn): void {
    if (this.#connections.size >= this.#options.connectionLimit && !this.#makeRoom()) {
      this.#turnAway(conn);
      return;
    }
    const connection = new Connection(conn, this.#host);
    const end = connection.run().finally(() => this.#connections.delete(connection));
    this.#connections.set(connection, end);
  }

  /** Ends the connection that has been idle for longest; whether there was one. */
  #makeRoom(): boolean {
    for (const connection of this.#connections.keys()) {
      if (!connection.isIdle) continue;
      connection.close();
      this.#connections.delete(connection);
      return true;
    }
    return false;
  }

  #turnAway(conn: Deno.Conn): void {
    if (this.#refusals >= REFUSAL_LIMIT) return conn.close();
    this.#refusals++;
    refuse(conn).finally(() => this.#refusals--);
  }

  #look(): void {
    collectGarbage();
    const now = performance.now();
    for (const connection of this.#connections.keys()) {
      if (connection.patience.isOver(now)) connection.giveUp();
    }
  }
}

const REASON = JSON.stringify({
  errors: [{ code: "TOOMANYREQUESTS", message: "The server has too many connections" }],
});

const BUSY = new TextEncoder().encode(
  `HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n` +
    `content-type: application/json\r\ncontent-length: ${REASON.length}\r\n\r\n${REASON}`,
);

/** Milliseconds in which a client that is turned away may read why. */
const REFUSAL_TIME = 1000;

/** Turns a client away, and waits for it to leave: closed at once, it would not hear why. */
async function refuse(conn: Deno.Conn): Promise<void> {
  try {
    await withTimeLimit(REFUSAL_TIME, async () => {
      await conn.write(BUSY);
      await conn.closeWrite?.();
      const piece = new Uint8Array(4096);
      while (await conn.read(piece) !== null);
    });
  } catch {
    // It takes too long, or has left already: either is the end.
  } finally {
    conn.close();
  }
}
