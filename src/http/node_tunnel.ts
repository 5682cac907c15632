/**
 * `node:https` through a proxy: each new connection is a tunnel.
 * @module
 */
import type { ClientRequestArgs } from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as tls from "node:tls";
import type { Duplex } from "node:stream";
import { withTimeLimit } from "../core/waiting/time_limit.ts";
import { bareHost } from "./addresses.ts";
import { portOf } from "./socket/dial.ts";
import { openTunnel, type ProxyLine } from "./socket/tunnel.ts";

/** What the certificates of servers are checked by. */
export type ServerTrust = Pick<tls.ConnectionOptions, "ca" | "rejectUnauthorized">;

/** How to reach the proxy. */
export interface TunnelOptions {
  readonly proxy: URL;
  /** That of a proxy that speaks TLS. */
  readonly trust: ServerTrust;
  /** Milliseconds in which there has to be a tunnel. */
  readonly stallTime: number;
}

/** Keeps connections to servers behind a proxy. */
export class TunnelAgent extends https.Agent {
  readonly #tunnel: TunnelOptions;

  /** Makes an agent; nothing is opened before the first request. */
  constructor(tunnel: TunnelOptions) {
    super({ keepAlive: true });
    this.#tunnel = tunnel;
  }

  /** Opens a tunnel, and begins TLS with the server in it: `opened` is told of both. */
  override createConnection(
    options: ClientRequestArgs,
    opened?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const { hostname, host, port, signal } = options;
    const name = String(hostname ?? host);
    const url = new URL(`https://${net.isIPv6(name) ? `[${name}]` : name}:${port}/`);
    const none = undefined as unknown as Duplex;
    tunnelTo(url, this.#tunnel, signal).then(
      (socket) => {
        const inTunnel = { ...options, socket } as ClientRequestArgs;
        opened?.(null, super.createConnection(inTunnel) ?? none);
      },
    ).catch((error) => opened?.(error, none));
    return none;
  }
}

async function tunnelTo(
  url: URL,
  { proxy, trust, stallTime }: TunnelOptions,
  signal: AbortSignal | undefined,
): Promise<net.Socket> {
  const place = { host: bareHost(proxy.hostname), port: portOf(proxy) };
  const socket = proxy.protocol === "https:"
    ? tls.connect({ ...place, ...trust, servername: net.isIP(place.host) ? "" : place.host })
    : net.connect(place);
  let failure: Error | undefined;
  // Stays: a connection may break at any time.
  socket.on("error", (error) => failure ??= error);
  try {
    using line = new SocketLine(socket);
    await withTimeLimit(stallTime, () => openTunnel(line, { url, proxy }), signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw failure ?? error;
  }
}

/** What may end the wait for bytes. */
const EVENTS = ["readable", "end", "close"] as const;

/** A socket as a connection of the platform, until whoever comes next listens to it. */
class SocketLine implements ProxyLine, Disposable {
  readonly #socket: net.Socket;
  #wake = () => {};
  readonly #happened = () => this.#wake();

  constructor(socket: net.Socket) {
    this.#socket = socket;
    for (const event of EVENTS) socket.on(event, this.#happened);
  }

  async read(into: Uint8Array): Promise<number | null> {
    const socket = this.#socket;
    for (;;) {
      const length = Math.min(into.byteLength, socket.readableLength);
      const chunk: Uint8Array | null = length > 0 ? socket.read(length) : null;
      if (chunk !== null) {
        into.set(chunk);
        return chunk.byteLength;
      }
      if (socket.readableEnded || socket.destroyed) return null;
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      socket.read(0);
      await woken;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve());
    });
  }

  /** Who listens to what is readable keeps it from everybody else. */
  [Symbol.dispose](): void {
    for (const event of EVENTS) this.#socket.removeListener(event, this.#happened);
  }
}
