/**
 * One registry, as one client sees it: where it is, who the user is there, and what was learned;
 * and the part of it that concerns one repository.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import type { ModelOpsError } from "../core/errors.ts";
import type { Log } from "../core/operation.ts";
import { authenticated } from "./auth/authenticator.ts";
import { ANONYMOUS } from "./auth/credentials.ts";
import { quote } from "../core/text.ts";
import type { Network, RegistryClientOptions } from "./client_options.ts";
import { findEndpoint } from "./endpoint.ts";
import { responseError } from "./errors.ts";
import { guarded } from "../http/private_guard.ts";
import { KnownRegistries, type RegistryLimits } from "./known_registries.ts";
import { OpenUploads } from "./open_uploads.ts";
import { perOrigin, redirecting } from "../http/redirects.ts";
import { forOneServer, type RetryPolicy } from "../core/retry.ts";
import { retrying } from "../http/retrying.ts";
import { type AnswerHints, STREAMED, type Transport } from "../http/transport_options.ts";

/** What goes with a request. */
export interface RequestParts extends AnswerHints {
  readonly headers?: Readonly<Record<string, string>>;
  /** Body; a stream needs a Content-Length among the headers. */
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** Stops the request and the reading of its answer. */
  readonly signal?: AbortSignal;
}

interface Connection {
  readonly base: URL;
  readonly send: Transport;
}

/** Sends requests to one registry. */
export class RegistrySession {
  /** Host of the registry, as in references. */
  readonly registry: string;
  /** How requests are tried again. */
  readonly retry: RetryPolicy;
  /** Whether the endpoint for referrers turned out to be missing, so that tags hold the lists. */
  noReferrers = false;
  /** The uploads that earlier runs began. */
  readonly openUploads: OpenUploads | undefined;
  readonly #known: KnownRegistries | undefined;
  #limits: Promise<RegistryLimits> | undefined;
  readonly #network: Network;
  readonly #options: RegistryClientOptions;
  /** What stops the reading of each answer. */
  readonly #stops = new WeakMap<Response, AbortSignal>();
  #connection: Connection | undefined;

  /** Prepares a session; nothing is sent before the first request. */
  constructor(registry: string, network: Network, options: RegistryClientOptions) {
    this.registry = registry;
    this.retry = forOneServer(options.retry);
    this.#network = network;
    this.#options = options;
    const { cacheFolder, now } = options;
    if (cacheFolder === undefined) return;
    this.openUploads = new OpenUploads(join(cacheFolder, "uploads"), now);
    this.#known = new KnownRegistries(join(cacheFolder, "registries.json"), now);
  }

  /** What the registry is known not to do, by this run or an earlier one. */
  limits(): Promise<RegistryLimits> {
    return this.#limits ??= this.remembered(async () => await this.#known?.limits(this.registry))
      .then((limits = {}) => limits);
  }

  /** Takes note of what the registry turned out not to do. */
  async learn(change: RegistryLimits): Promise<void> {
    const limits = { ...await this.limits(), ...change };
    this.#limits = Promise.resolve(limits);
    this.log?.("debug", `Learned about ${this.registry}`, { ...change });
    await this.remembered(async () => await this.#known?.remember(this.registry, limits));
  }

  /** Reads or writes what is remembered between runs: no reason to fail. */
  async remembered<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      this.log?.("debug", "Cannot use the cache folder", { error: String(error) });
      return undefined;
    }
  }

  /** Told about repeated tries and the like. */
  get log(): Log | undefined {
    return this.#options.log;
  }

  /** The base URL of the registry; finding it may take a request. */
  async base(signal?: AbortSignal): Promise<URL> {
    return (await this.#connect(signal)).base;
  }

  /**
   * Sends a request to a path of the registry (`/v2/…`), or to a URL that it named. Credentials are
   * added only where they belong.
   * @throws {TransferError} when the server cannot be reached.
   * @throws {AccessDeniedError} when its token server refuses the credentials.
   */
  async send(method: string, target: string | URL, parts: RequestParts = {}): Promise<Response> {
    const { base, send } = await this.#connect(parts.signal);
    const { body, signal } = parts;
    const headers = new Headers(parts.headers);
    if (body instanceof Uint8Array) headers.set("Content-Length", String(body.byteLength));
    const request = new Request(new URL(target, base), {
      method,
      headers,
      body,
      signal,
      ...STREAMED,
    });
    const response = await send(request, parts);
    if (signal) this.#stops.set(response, signal);
    return response;
  }

  /** As {@linkcode Dragonfly.distrust} says, of a path of the registry. */
  async distrust(path: string, failure: unknown): Promise<boolean> {
    return this.#network.dragonfly?.distrust(new URL(path, await this.base()), failure) ?? false;
  }

  /**
   * The error for an answer to something that was tried (`read "…"`). What stopped the request
   * stops the reading of the answer.
   */
  async error(response: Response, action: string): Promise<ModelOpsError> {
    const { registry, retry: { stallTime } } = this;
    const signal = this.#stops.get(response);
    return await responseError(response, { action, registry, stallTime, signal });
  }

  async #connect(signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const { plainHttp, insecure, log } = this.#options;
    const { home: probe, speaksTls } = this.#network;
    const options = { plainHttp, insecure, probe, speaksTls, retry: this.retry, signal, log };
    const base = await findEndpoint(this.registry, options);
    // Another request may have found it meanwhile, and tokens since.
    return this.#connection ??= this.#stack(base);
  }

  /** The layers between a request and the network, outermost first: auth, retry, redirects. */
  #stack(base: URL): Connection {
    const { home, away, isInside } = this.#network;
    const { credentials = ANONYMOUS, now = Date.now, log, plainHttp, insecure } = this.#options;
    const { allowPrivateRedirects } = this.#options;
    const way = perOrigin(base.origin, home, away);
    const network = redirecting(guarded(way, base, { isInside, allowPrivateRedirects }));
    const retried = retrying(network, { ...this.retry, log });
    const shared = this.#network.dragonfly?.around(retried, isBlobOf(base)) ?? retried;
    const send = authenticated(shared, {
      registry: this.registry,
      origin: base,
      allowHttp: (plainHttp || insecure) ?? false,
      send: retried,
      stallTime: this.retry.stallTime,
      credentials,
      now,
    });
    return { base, send };
  }
}

/** Whether a request is for a blob of the registry: manifests and tokens are its own to give. */
function isBlobOf({ origin }: URL): (request: Request) => boolean {
  return ({ method, url }) => {
    const asked = new URL(url);
    return method === "GET" && asked.origin === origin &&
      /^\/v2\/.+\/blobs\/[a-z0-9]+:[0-9a-f]+$/.test(asked.pathname);
  };
}

/** Sends requests that concern one repository: those below `/v2/<path>/`. */
export class Channel {
  readonly session: RegistrySession;
  /** Path of the repository: `models/demo`. */
  readonly path: string;
  /** Host and path: `localhost:5000/models/demo`. */
  readonly name: string;

  constructor(session: RegistrySession, path: string) {
    this.session = session;
    this.path = path;
    this.name = `${session.registry}/${path}`;
  }

  /** The URL of a path below the repository (`manifests/v1`); a URL is left as it is. */
  url(target: string | URL, base: URL): URL {
    return target instanceof URL ? target : new URL(`/v2/${this.path}/${target}`, base);
  }

  /** Sends a request to a path below the repository, or to a URL it was given. */
  async send(method: string, target: string | URL, parts?: RequestParts): Promise<Response> {
    const where = this.url(target, await this.session.base(parts?.signal));
    return await this.session.send(method, where, parts);
  }

  /** The error for an answer to something that was tried with `what` of this repository. */
  async error(response: Response, verb: string, what: string): Promise<ModelOpsError> {
    const joint = what.includes(":") ? "@" : ":";
    return await this.session.error(response, `${verb} ${quote(this.name + joint + what)}`);
  }
}
