/**
 * The local store as a registry.
 * @module
 */
import { isLoopbackHost } from "../core/hosts.ts";
import type { OperationOptions } from "../core/operation.ts";
import { diskCatalog } from "../oci/disk_catalog.ts";
import { checkExposure, formatListenAddress, parseListenAddress } from "../server/address.ts";
import { createRegistryHandler } from "../server/handler.ts";
import { htpasswdAuthenticator, readHtpasswd } from "../server/htpasswd.ts";
import { listen } from "../server/listen.ts";
import { hostlessCatalog } from "./hostless_catalog.ts";
import type { StoreSettings } from "./settings.ts";

/** How to serve the local store. */
export interface ServeOptions extends OperationOptions {
  /** `host:port`; port 0 lets the system choose. */
  readonly address: string;
  /** Refuse everything that writes. */
  readonly readOnly?: boolean;
  /** Password file in the form of Apache's htpasswd. */
  readonly htpasswd?: string;
  /** Serve a public address without passwords. */
  readonly allowAnonymous?: boolean;
}

/** A server that runs. */
export interface RunningServer {
  /** `host:port` as a reference starts with it. */
  readonly address: string;
  /** Settles when the server has stopped, which the signal asks for. */
  readonly finished: Promise<void>;
}

/**
 * Starts a registry over the local store.
 * @throws {InvalidInputError} when the address cannot be used, or is public and nothing guards it.
 *
 * @example Serve a store until it is asked to stop
 * ```ts
 * import assert from "node:assert/strict";
 * import { serveStore } from "@modelops/modelops";
 *
 * const stop = new AbortController();
 * const storageDir = await Deno.makeTempDir();
 * const server = await serveStore({ storageDir }, {
 *   address: "127.0.0.1:0",
 *   signal: stop.signal,
 * });
 * const answer = await fetch(`http://${server.address}/v2/`);
 * assert.equal(answer.status, 200);
 * await answer.body?.cancel();
 * stop.abort();
 * await server.finished;
 * ```
 */
export async function serveStore(
  { storageDir }: StoreSettings,
  { address: text, readOnly, htpasswd, allowAnonymous = false, ...options }: ServeOptions,
): Promise<RunningServer> {
  const address = parseListenAddress(text);
  checkExposure({ address, htpasswd, allowAnonymous });
  const users = htpasswd === undefined ? undefined : await readHtpasswd(htpasswd, options);
  const catalog = hostlessCatalog(diskCatalog(storageDir), { anyHost: true });
  const handler = createRegistryHandler(catalog, {
    ...options,
    readOnly,
    authenticate: users && htpasswdAuthenticator(users),
    loopbackOnly: users === undefined && isLoopbackHost(address.hostname),
  });
  const listener = listen(handler, { address, signal: options.signal });
  return { address: formatListenAddress(listener.address), finished: listener.finished };
}
