/**
 * A registry on a port.
 * @module
 */
import { ConflictError, InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { formatListenAddress, type ListenAddress } from "./address.ts";
import type { RegistryHandler } from "./handler.ts";

/** A registry that is being served. */
export interface RegistryListener extends AsyncDisposable {
  /** Where it listens, with the port the system chose. */
  readonly address: ListenAddress;
  /** Base URL for clients: `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Resolves when nothing is served any more. */
  readonly finished: Promise<void>;
  /** Takes no new connections, waits for the requests under way, and closes. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where and how long to listen. */
export interface ListenOptions {
  /** Where to listen. */
  readonly address: ListenAddress;
  /** Closes every connection at once; uploads stay as far as they came. */
  readonly signal?: AbortSignal;
}

/**
 * Serves a registry over plain HTTP until it is disposed or the signal is aborted.
 * @throws {ConflictError} when something else listens on the address.
 * @throws {InvalidInputError} when the address is not one of this machine, or may not be used.
 */
export function listen(handler: RegistryHandler, options: ListenOptions): RegistryListener {
  options.signal?.throwIfAborted();
  const server = serve(handler, options);
  const { hostname, port } = server.addr;
  const address = { hostname, port };
  return {
    address,
    url: `http://${formatListenAddress(address)}`,
    finished: server.finished,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function serve(handler: RegistryHandler, options: ListenOptions): Deno.HttpServer<Deno.NetAddr> {
  const { address, signal } = options;
  try {
    // Deno announces the address on standard output unless it is given something else to do.
    const quiet = { onListen: () => {} };
    return Deno.serve({ ...address, ...quiet, signal }, handler);
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
  return cause;
}
