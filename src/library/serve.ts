/**
 * The local store as a registry.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { explainRead, explainWrite } from "../core/file_errors.ts";
import { lstatIfExists, readDirIfExists } from "../core/files.ts";
import { isLoopbackHost } from "../core/hosts.ts";
import type { OperationOptions } from "../core/operation.ts";
import { onAbort } from "../core/waiting/on_abort.ts";
import { diskCatalog, type LocalCatalog } from "../oci/disk_catalog.ts";
import type { StoreUsage } from "../oci/disk/housekeeping.ts";
import { checkExposure, formatListenAddress, parseListenAddress } from "../server/address.ts";
import { connectionLimit } from "../server/descriptors.ts";
import { createRegistryHandler } from "../server/handler.ts";
import { htpasswdFileAuthenticator } from "../server/passwords/htpasswd.ts";
import { type Answered, listen, type RegistryListener } from "../server/listen.ts";
import { type Metric, ServerMetrics } from "../server/metrics.ts";
import { operationPaths } from "../server/operations.ts";
import { pagePaths } from "../server/page/paths.ts";
import { pageApiPaths } from "../server/page_api/paths.ts";
import { withPaths } from "../server/paths.ts";
import { every } from "../server/schedule.ts";
import { hostlessCatalog } from "./hostless_catalog.ts";
import { FollowedTls } from "./serve_tls.ts";
import type { CredentialSettings, NetworkSettings, StoreSettings } from "./settings.ts";
import { openUpstream, parseUpstream, type Upstream } from "./upstream.ts";

/** How to serve the local store. */
export interface ServeOptions extends OperationOptions {
  /** `host:port`; port 0 lets the system choose. */
  readonly address: string;
  /** Refuse everything that writes. */
  readonly readOnly?: boolean;
  /**
   * Address of a registry, `https://registry.example.com`, that has what the store does not: the
   * server is a cache in front of it, and nobody writes through it.
   */
  readonly upstream?: string;
  /** Take manifests and indexes whose content is not all here. */
  readonly sparse?: boolean;
  /** Password file in the form of Apache's htpasswd; it is read again when it changes. */
  readonly htpasswd?: string;
  /** Serve a public address without passwords. */
  readonly allowAnonymous?: boolean;
  /** What needs no password where others are asked for one: nothing when absent, or reading. */
  readonly anonymous?: "pull";
  /**
   * File with the certificate of the server and those above it (PEM), which is read again when it
   * changes, as its key is; clear HTTP when absent.
   */
  readonly tlsCert?: string;
  /** File with the key of that certificate (PEM). */
  readonly tlsKey?: string;
  /**
   * Milliseconds that requests under way may go on when the signal stops the server; 30 seconds
   * when absent. Uploads that are cut then can be gone on with.
   */
  readonly drainTimeout?: number;
  /** Milliseconds after its last byte when an unfinished upload is removed; a day when absent. */
  readonly uploadAge?: number;
}

/** A server that runs. */
export interface RunningServer {
  /** `host:port` as a reference starts with it. */
  readonly address: string;
  /** Base URL for clients. */
  readonly url: string;
  /**
   * Settles when the server has stopped: the signal asks for it, and requests under way may end
   * first.
   */
  readonly finished: Promise<void>;
}

/**
 * Starts a registry over the local store.
 * @throws {InvalidInputError} when the address cannot be used, or is public and nothing guards it,
 * or the store may not be read, or not be written to where it is not read-only.
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
  settings: StoreSettings & NetworkSettings & CredentialSettings,
  { address: text, readOnly, allowAnonymous = false, anonymous, ...options }: ServeOptions,
): Promise<RunningServer> {
  const address = parseListenAddress(text);
  checkExposure({ address, htpasswd: options.htpasswd, allowAnonymous });
  if (anonymous !== undefined && options.htpasswd === undefined) {
    throw new InvalidInputError("Cannot open reading to everybody: no passwords are set", {
      remedy: "add --htpasswd FILE, or leave --anonymous out",
    });
  }
  const authenticate = options.htpasswd === undefined
    ? undefined
    : await htpasswdFileAuthenticator(options.htpasswd, options);
  const { storageDir } = settings;
  await checkStore(storageDir, readOnly);
  const catalog = diskCatalog(storageDir);
  const metrics = new StoreMetrics(catalog);
  const loopbackOnly = authenticate === undefined && isLoopbackHost(address.hostname);
  const access = { authenticate, anonymous, loopbackOnly };
  const cut = new AbortController();
  const connections = new AsyncDisposableStack();
  const cache = options.upstream === undefined
    ? undefined
    : await openUpstream(readUpstream(options.upstream, options), settings, {
      local: catalog,
      connections,
      signal: cut.signal,
      log: options.log,
    });
  const own = hostlessCatalog(catalog, { anyHost: true });
  const operation = { log: options.log, signal: cut.signal };
  const takesNothing = readOnly || options.upstream !== undefined;
  const registry = createRegistryHandler(cache?.all ?? own, {
    ...access,
    ...operation,
    readOnly: takesNothing,
    sparse: options.sparse,
  });
  const handler = withPaths(registry, {
    ...operationPaths({
      isReady: () => isReadable(storageDir),
      metrics: () => metrics.text(listener.connections),
    }),
    ...pagePaths(),
    ...pageApiPaths(cache?.kept ?? own, {
      ...operation,
      readOnly: takesNothing,
      describe: async () => (await import("./descriptions.ts")).descriptions,
    }),
  }, { ...access, ...operation });
  const certificate = await FollowedTls.open(options);
  const listener: RegistryListener = await listen(handler, {
    address,
    tls: certificate?.tls,
    connectionLimit: connectionLimit(),
    answered: (answered) => {
      metrics.count(answered);
      options.log?.("info", "Request answered", accessFacts(answered));
    },
    failed: (error) => options.log?.("warning", "A connection failed", { error }),
  });
  const finished = runUntilStopped(listener, { certificate, cut, catalog, readOnly, ...options })
    .finally(() => connections.disposeAsync());
  return { address: formatListenAddress(listener.address), url: listener.url, finished };
}

/** The upstream of a cache, which takes nothing in from clients. */
function readUpstream(address: string, { sparse }: Pick<ServeOptions, "sparse">): Upstream {
  if (!sparse) return parseUpstream(address);
  throw new InvalidInputError("Cannot use --sparse with --upstream: nobody writes to a cache", {
    remedy: "leave out --sparse",
  });
}

const DRAIN_TIMEOUT = 30_000;
const UPLOAD_AGE = 24 * 60 * 60 * 1000;

/** How often abandoned uploads are looked for, in milliseconds. */
const REAP_INTERVAL = 10 * 60 * 1000;

interface Running extends Pick<ServeOptions, "drainTimeout" | "uploadAge" | "signal" | "log"> {
  readonly catalog: LocalCatalog;
  readonly readOnly?: boolean;
  readonly certificate?: FollowedTls;
  /** Stops what requests still do in the store when the server has ended. */
  readonly cut: AbortController;
}

/** Looks after the store until the signal stops the server, and then lets requests end. */
async function runUntilStopped(listener: RegistryListener, running: Running): Promise<void> {
  const { catalog, signal, log, cut, readOnly } = running;
  const age = running.uploadAge ?? UPLOAD_AGE;
  const reap = () => {
    catalog.reapUploads({ age, log, signal }).catch((error) => {
      if (!signal?.aborted) log?.("warning", "Cannot look for abandoned uploads", { error });
    });
  };
  const stop = () => void listener.drain(running.drainTimeout ?? DRAIN_TIMEOUT);
  using _following = running.certificate?.follow(listener, running);
  using _reaping = readOnly ? undefined : every(Math.min(REAP_INTERVAL, age), reap);
  if (!readOnly) reap();
  using _stopping = onAbort(signal, stop);
  try {
    await listener.finished;
  } finally {
    cut.abort();
  }
}

/** Fails at the start where every request would: a store that is not there yet is an empty one. */
async function checkStore(storageDir: string, readOnly = false): Promise<void> {
  await readDirIfExists(storageDir).catch((error) => {
    throw explainRead(storageDir, error);
  });
  if (readOnly) return;
  await Deno.mkdir(storageDir, { recursive: true }).catch((error) => {
    throw explainWrite(storageDir, error);
  });
}

/** A store that is not there yet is an empty one. */
async function isReadable(storageDir: string): Promise<boolean> {
  try {
    await lstatIfExists(storageDir);
    return true;
  } catch {
    return false;
  }
}

/** An answer as the access log tells it. */
function accessFacts({ client, method, status, received, sent, milliseconds }: Answered) {
  return {
    remote: client.address,
    user: client.user,
    method,
    path: client.target,
    status,
    received,
    bytes: sent,
    ms: Math.round(milliseconds),
  };
}

/** Milliseconds for which the size of the store is not counted again. */
const USAGE_TIME = 60_000;

/** The counters of a server and of its store. */
class StoreMetrics {
  readonly #metrics = new ServerMetrics();
  readonly #catalog: LocalCatalog;
  #usage: { readonly at: number; readonly value: Promise<StoreUsage> } | undefined;

  constructor(catalog: LocalCatalog) {
    this.#catalog = catalog;
  }

  count(answered: Answered): void {
    this.#metrics.count(answered);
  }

  async text(connections: number): Promise<string> {
    const { blobs, bytes, uploads } = await this.#measure();
    const gauge = (name: string, help: string, value: number): Metric => ({
      name: `modelops_${name}`,
      type: "gauge",
      help,
      samples: [["", value]],
    });
    return this.#metrics.text([
      gauge("http_connections", "Connections that are open", connections),
      gauge("uploads_open", "Uploads that are not finished", uploads),
      gauge("store_blobs", "Blobs in the store, manifests included", blobs),
      gauge("store_bytes", "Bytes of those blobs", bytes),
    ]);
  }

  /** Looking at every blob takes long in a large store, and who asks does so every few seconds. */
  #measure(): Promise<StoreUsage> {
    const now = performance.now();
    if (this.#usage === undefined || now - this.#usage.at > USAGE_TIME) {
      const value = this.#catalog.usage();
      this.#usage = { at: now, value };
      // A look that failed tells nothing about the next.
      value.catch(() => this.#usage = undefined);
    }
    return this.#usage.value;
  }
}
