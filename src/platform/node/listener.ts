/**
 * What takes connections of TCP and TLS.
 * @module
 */
import type { ListenOptions, Server, Socket } from "node:net";
import { getBuiltinModule } from "./builtins.ts";
import { address, Connection, SOCKETS } from "./connection.ts";
import { errors, translated } from "./errors.ts";
import { withResolvers } from "./missing.ts";

/** Milliseconds for the handshake of a client. */
const HANDSHAKE_TIME = 30_000;

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

  [Symbol.dispose](): void {
    if (!this.#isClosed) this.close();
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
