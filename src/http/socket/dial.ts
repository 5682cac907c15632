/**
 * Connections to servers: which address, through which proxy, and who vouches for the server.
 * @module
 */
import { withTimeLimit } from "../../core/waiting/time_limit.ts";
import { onAbort } from "../../core/waiting/on_abort.ts";
import { bareHost } from "../addresses.ts";
import { allowedAddresses, isBounded, type Reach } from "../private_guard.ts";
import type { Line } from "./line.ts";
import { openTunnel } from "./tunnel.ts";

/** Whom to connect to. */
export interface Destination {
  readonly url: Readonly<URL>;
  /** The proxy that leads there. Where it speaks TLS itself it passes on requests without TLS. */
  readonly proxy?: URL;
  /** Which addresses will do; a proxy looks names up by itself. */
  readonly reach: Reach;
}

/** Opens a connection; with TLS where the URL wants it, trusting `caCerts` beside the built-in. */
export type Dial = (
  destination: Destination,
  caCerts: readonly string[],
  signal: AbortSignal,
) => Promise<Line>;

/** Milliseconds that an address gets before the next one is tried. */
const ADDRESS_TIME = 2_000;

/** {@linkcode Dial} of the platform. */
export const dial: Dial = async ({ url, proxy, reach }, caCerts, signal) => {
  const place = proxy ?? url;
  const hostname = bareHost(place.hostname);
  const port = portOf(place);
  const conn = proxy === undefined && isBounded(reach)
    ? await connectTo(await allowedAddresses(hostname, reach), port, signal)
    : await Deno.connect({ hostname, port, signal });
  using _stopping = onAbort(signal, () => closeConn(conn));
  try {
    signal.throwIfAborted();
    conn.setNoDelay();
    if (proxy !== undefined && speaksTls(url)) {
      await openTunnel({ read: (into) => conn.read(into), write: (head) => sendAll(conn, head) }, {
        url,
        proxy,
      });
      return await secured(conn, { url, caCerts, signal });
    }
    return speaksTls(place) ? await secured(conn, { url: place, caCerts, signal }) : conn;
  } catch (error) {
    closeConn(conn);
    signal.throwIfAborted();
    throw error;
  }
};

/** Whether the server of a URL is spoken to by TLS. */
export function speaksTls({ protocol }: Readonly<URL>): boolean {
  return protocol === "https:";
}

/** The port of a server, where that of its scheme is left out. */
export function portOf(url: Readonly<URL>): number {
  return Number(url.port || (speaksTls(url) ? 443 : 80));
}

async function sendAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.byteLength;) sent += await conn.write(bytes.subarray(sent));
}

async function secured(
  conn: Deno.TcpConn,
  { url, caCerts, signal }: {
    readonly url: Readonly<URL>;
    readonly caCerts: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<Deno.Conn> {
  const hostname = bareHost(url.hostname);
  const options = { hostname, caCerts: [...caCerts], alpnProtocols: ["http/1.1"] };
  const tls = await Deno.startTls(conn, options);
  using _stopping = onAbort(signal, () => closeConn(tls));
  try {
    await tls.handshake();
    signal.throwIfAborted();
    return tls;
  } catch (error) {
    closeConn(tls);
    throw error;
  }
}

/** Connects to the first of some addresses that takes the connection. */
async function connectTo(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const failures: unknown[] = [];
  for (const [index, hostname] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    const connect = (signal: AbortSignal) => Deno.connect({ hostname, port, signal });
    try {
      return isLast ? await connect(signal) : await withTimeLimit(ADDRESS_TIME, connect, signal);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  throw failures.at(-1) ?? new Error("failed to lookup address information: it has none");
}

/** Closes a connection that may be closed already. */
export function closeConn(conn: Line): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
