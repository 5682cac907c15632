/**
 * Connections of TCP and TLS, and what takes them.
 * @module
 */
import type { ListenOptions, Server, Socket } from "node:net";
import { getBuiltinModule } from "./builtins.ts";
import { errors, translated } from "./errors.ts";
import { withResolvers } from "./missing.ts";

/** Bytes that wait in a connection for who reads it. */
const HIGH_WATER_MARK = 256 * 1024;

/** Milliseconds for the handshake of a client. */
const HANDSHAKE_TIME = 30_000;

/** What sockets are made with: the other side may end first, and what is written goes at once. */
const SOCKETS = { allowHalfOpen: true, noDelay: true, highWaterMark: HIGH_WATER_MARK } as const;

function address(hostname = "", port = 0): Deno.NetAddr {
  return { transport: "tcp", hostname, port };
}

/** A connection. Nothing is read that nobody asked for, apart from what its buffer holds. */
class Connection {
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

  close(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #closed(): unknown {
    return translated(this.#failure) ?? new errors.BadResource("The connection is closed");
  }
}

/** Takes connections. */
class ConnectionListener {
  readonly #server: Server;
  readonly addr: Deno.NetAddr;
  readonly #arrived: Socket[] = [];
  readonly #waiting: PromiseWithResolvers<Connection>[] = [];
  #isClosed = false;

  constructor(server: Server, event: "connection" | "secureConnection") {
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new TypeError("The server is not bound");
    this.addr = address(bound.address, bound.port);
    server.on(event, (socket: Socket) => this.#take(socket));
  }

  /** The next connection. */
  accept(): Promise<Connection> {
    if (this.#isClosed) return Promise.reject(new errors.BadResource("The listener is closed"));
    for (let socket; (socket = this.#arrived.shift()) !== undefined;) {
      if (!socket.destroyed) return Promise.resolve(new Connection(socket));
    }
    const next = withResolvers<Connection>();
    this.#waiting.push(next);
    return next.promise;
  }

  /** Takes no more connections; those that were taken go on. */
  close(): void {
    this.#isClosed = true;
    this.#server.close();
    for (const socket of this.#arrived) socket.destroy();
    for (const next of this.#waiting) next.reject(new errors.BadResource("The listener is closed"));
  }

  #take(socket: Socket): void {
    const next = this.#waiting.shift();
    if (next) return next.resolve(new Connection(socket));
    // Whoever leaves before it is taken is no failure of anybody.
    socket.on("error", () => {});
    this.#arrived.push(socket);
  }
}

async function bind(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(translated(error)));
    server.listen(options, resolve);
  });
  server.removeAllListeners("error").on("error", () => {});
}

/** Listens for connections. */
export async function listen({ hostname, port }: Deno.TcpListenOptions): Promise<Deno.Listener> {
  const server = getBuiltinModule("node:net").createServer(SOCKETS);
  await bind(server, { host: hostname, port });
  return new ConnectionListener(server, "connection") as unknown as Deno.Listener;
}

/** Listens for connections of TLS; they come when their handshake is done. */
export async function listenTls(
  options: Deno.ListenTlsOptions & Deno.TlsCertifiedKeyPem,
): Promise<Deno.Listener> {
  const server = tlsServer(options);
  // Handshakes that fail end their connection; there is nobody else to tell.
  server.on("tlsClientError", () => {});
  await bind(server, { host: options.hostname, port: options.port });
  return new ConnectionListener(server, "secureConnection") as unknown as Deno.Listener;
}

function tlsServer({ cert, key, alpnProtocols }: Deno.ListenTlsOptions & Deno.TlsCertifiedKeyPem) {
  const { createServer } = getBuiltinModule("node:tls");
  try {
    return createServer({
      ...SOCKETS,
      cert,
      key,
      ALPNProtocols: alpnProtocols,
      handshakeTimeout: HANDSHAKE_TIME,
    });
  } catch (cause) {
    throw new errors.InvalidData((cause as Error).message, { cause });
  }
}
