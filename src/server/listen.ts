/**
 * A registry on a port.
 * @module
 */
import { ConflictError, InvalidInputError } from "../core/errors.ts";
import { TransientError } from "../core/retry.ts";
import { quote } from "../core/text.ts";
import { withTimeLimit } from "../core/waiting/time_limit.ts";
import { onAbort } from "../core/waiting/on_abort.ts";
import { formatListenAddress, type ListenAddress, requireListenAddress } from "./address.ts";
import type { Answered, Handler } from "./http1/connection.ts";
import { DEFAULT_PATIENCE, type PatienceLimits } from "./http1/patience.ts";
import { ReplacedListener } from "./http1/replaced_listener.ts";
import { HttpServer, type Listener } from "./http1/server.ts";

export type { Answered, Client, Handler } from "./http1/connection.ts";

/** A registry that is being served. */
export interface RegistryListener extends AsyncDisposable {
  /** Where it listens, with the port the system chose. */
  readonly address: ListenAddress;
  /** Base URL for clients: `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Connections that are open now. */
  readonly connections: number;
  /** Resolves when nothing is served any more. */
  readonly finished: Promise<void>;
  /**
   * Takes no new connections or requests. Requests under way may go on for so many milliseconds,
   * without end when it is absent; then their connections are closed, and uploads stay as far as
   * they came.
   */
  drain(milliseconds?: number): Promise<void>;
  /**
   * Has another certificate for the connections that come from now on.
   * @throws {InvalidInputError} when it cannot be used, and the earlier one stays; where TLS is not
   * spoken.
   */
  renewTls(tls: ServerTls): Promise<void>;
  /** Takes no new connections, waits for the requests under way, and closes. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a server needs to speak TLS: texts in the form of PEM. */
export interface ServerTls {
  /** The certificate, and those between it and its authority. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** Where and how long to listen. */
export interface ListenOptions {
  /** Where to listen. */
  readonly address: ListenAddress;
  /** Closes every connection at once; uploads stay as far as they came. */
  readonly signal?: AbortSignal;
  /** Speaks TLS; clear HTTP when absent. */
  readonly tls?: ServerTls;
  /** The most connections at once; 320 when absent, as the usual limit of open files allows. */
  readonly connectionLimit?: number;
  /** How long clients may be silent. */
  readonly patience?: Partial<PatienceLimits>;
  /** Told of each answer when it was sent. */
  readonly answered?: (answered: Answered) => void;
  /** Told what went wrong outside of any answer: no descriptor for a connection, for example. */
  readonly failed?: (error: unknown) => void;
}

const CONNECTION_LIMIT = 320;

/**
 * Serves a registry over HTTP/1.1 until it is disposed or the signal is aborted.
 * @throws {ConflictError} when something else listens on the address.
 * @throws {InvalidInputError} when the address is none, not one of this machine, or may not be
 * used; when certificate and key cannot be used.
 */
export async function listen(handler: Handler, options: ListenOptions): Promise<RegistryListener> {
  const { signal, tls, connectionLimit = CONNECTION_LIMIT, answered } = options;
  signal?.throwIfAborted();
  const first = await openListener(options);
  const { hostname, port } = first.addr as Deno.NetAddr;
  const address = { hostname, port };
  const listener = new ReplacedListener(first as Listener);
  const server = new HttpServer(listener, {
    handler,
    scheme: tls ? "https" : "http",
    connectionLimit,
    patience: { ...DEFAULT_PATIENCE, ...options.patience },
    answered,
    failed: options.failed ?? (() => {}),
  });
  const stopping = onAbort(signal, () => server.cut());
  const finished = server.finished.finally(() => stopping[Symbol.dispose]());
  let current = tls;
  async function renewTls(next: ServerTls): Promise<void> {
    if (tls === undefined) throw new InvalidInputError("Cannot renew a certificate: there is none");
    const listenWith = (tls: ServerTls | undefined) =>
      listener.replace(() => openListener({ address, tls }) as Promise<Listener>);
    try {
      await listenWith(next);
      current = next;
    } catch (error) {
      await listenWith(current);
      throw error;
    }
  }
  async function drain(milliseconds?: number): Promise<void> {
    server.stop();
    if (milliseconds !== undefined && !await isDoneWithin(milliseconds, finished)) server.cut();
    await finished;
  }
  return {
    address,
    url: `${tls ? "https" : "http"}://${formatListenAddress(address)}`,
    get connections() {
      return server.connections;
    },
    finished,
    drain,
    renewTls,
    [Symbol.asyncDispose]: () => drain(),
  };
}

async function isDoneWithin(milliseconds: number, done: Promise<void>): Promise<boolean> {
  try {
    await withTimeLimit(milliseconds, () => done);
    return true;
  } catch (error) {
    if (error instanceof TransientError) return false;
    throw error;
  }
}

async function openListener({ address, tls }: ListenOptions): Promise<Deno.Listener> {
  const { hostname, port } = requireListenAddress(address);
  try {
    // Deno gives it at once, Node in a moment.
    return await (tls
      ? Deno.listenTls({ hostname, port, ...tls, alpnProtocols: ["http/1.1"] })
      : Deno.listen({ hostname, port }));
  } catch (error) {
    throw explainListen(address, error);
  }
}

function explainListen(address: ListenAddress, cause: unknown): unknown {
  const cannot = `Cannot listen on ${quote(formatListenAddress(address))}`;
  if (cause instanceof Deno.errors.AddrInUse) {
    return new ConflictError(`${cannot}: the port is in use`, {
      cause,
      remedy: "choose another port with --address, or 0 for any free one",
    });
  }
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new InvalidInputError(`${cannot}: permission denied`, { cause });
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return new InvalidInputError(`${cannot}: this machine does not have the address`, { cause });
  }
  if (isOfTls(cause) && cause.message.includes("KeyMismatch")) {
    return new InvalidInputError(`${cannot}: the key is not that of the first certificate`, {
      cause,
      remedy: "give the certificate of the server before those above it, and its own key",
    });
  }
  if (cause instanceof Deno.errors.InvalidData || cause instanceof TypeError || isOfTls(cause)) {
    return new InvalidInputError(`${cannot}: ${cause.message}`, { cause });
  }
  return cause;
}

/** What the runtime says of a certificate and a key comes as an error of no kind. */
function isOfTls(error: unknown): error is Error {
  return error instanceof Error && error.name === "Error" && !("code" in error);
}
