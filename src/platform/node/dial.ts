/**
 * Connections to servers.
 * @module
 */
import type { Socket } from "node:net";
import { getBuiltinModule } from "./builtins.ts";
import { Connection, SOCKETS } from "./connection.ts";
import { translated } from "./errors.ts";

/** Waits for an event of a socket, or its failure. */
function arrival(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve).once("error", (error) => reject(translated(error)));
    socket.once("close", () => reject(new Error("The connection was closed")));
  });
}

/** Connects to a server. */
export async function connect(
  { hostname = "127.0.0.1", port, signal }: Deno.ConnectOptions,
): Promise<Deno.TcpConn> {
  signal?.throwIfAborted();
  const socket = getBuiltinModule("node:net").connect({ ...SOCKETS, host: hostname, port });
  const stop = () => socket.destroy();
  signal?.addEventListener("abort", stop);
  try {
    await arrival(socket, "connect");
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  return new Connection(socket) as unknown as Deno.TcpConn;
}

/** A connection that speaks TLS. */
class TlsConnection extends Connection {
  readonly #ready: Promise<void>;

  constructor(socket: Socket) {
    super(socket);
    this.#ready = arrival(socket, "secureConnect");
    // Whoever shakes hands is told.
    this.#ready.catch(() => undefined);
  }

  /** Waits until both sides have agreed. */
  async handshake(): Promise<void> {
    await this.#ready;
  }
}

/** Begins TLS on a connection on which nothing was said yet. */
export function startTls(
  conn: Deno.TcpConn,
  { hostname = "127.0.0.1", caCerts = [], alpnProtocols }: Deno.StartTlsOptions = {},
): Promise<Deno.TlsConn> {
  const tls = getBuiltinModule("node:tls");
  const options = {
    socket: (conn as unknown as Connection).release(),
    host: hostname,
    // An address is no name that a server could be told.
    servername: getBuiltinModule("node:net").isIP(hostname) ? "" : hostname,
    ca: caCerts.length > 0 ? [...tls.rootCertificates, ...caCerts] : undefined,
    ALPNProtocols: alpnProtocols,
    allowHalfOpen: true,
  };
  return Promise.resolve(new TlsConnection(tls.connect(options)) as unknown as Deno.TlsConn);
}
