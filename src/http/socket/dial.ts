/**
 * Connections to servers: which address, and who vouches for the server.
 * @module
 */
import { withTimeLimit } from "../../core/time_limit.ts";
import { bareHost } from "../addresses.ts";
import { allowedAddresses, isBounded, type Reach } from "../private_guard.ts";

/** Whom to connect to. */
export interface Destination {
  readonly url: URL;
  /** Which addresses will do. */
  readonly reach: Reach;
}

/** Milliseconds that an address gets before the next one is tried. */
const ADDRESS_TIME = 2_000;

/** Opens a connection; with TLS where the URL wants it, trusting `caCerts` beside the built-in. */
export async function dial(
  { url, reach }: Destination,
  caCerts: readonly string[],
  signal: AbortSignal,
): Promise<Deno.Conn> {
  const secure = url.protocol === "https:";
  const hostname = bareHost(url.hostname);
  const port = Number(url.port || (secure ? 443 : 80));
  const conn = isBounded(reach)
    ? await connectTo(await allowedAddresses(hostname, reach), port, signal)
    : await Deno.connect({ hostname, port, signal });
  try {
    conn.setNoDelay();
    return secure ? await secured(conn, { hostname, caCerts, signal }) : conn;
  } catch (error) {
    closeConn(conn);
    throw error;
  }
}

async function secured(
  conn: Deno.TcpConn,
  { hostname, caCerts, signal }: {
    readonly hostname: string;
    readonly caCerts: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<Deno.Conn> {
  const options = { hostname, caCerts: [...caCerts], alpnProtocols: ["http/1.1"] };
  const tls = await Deno.startTls(conn, options);
  const stop = () => closeConn(tls);
  signal.addEventListener("abort", stop);
  try {
    await tls.handshake();
    signal.throwIfAborted();
    return tls;
  } catch (error) {
    closeConn(tls);
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
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
export function closeConn(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
