/**
 * HTTP with a hub: credentials for its own origin, redirects by hand, another try where that helps.
 * @module
 */
import { InvalidInputError, TransferError } from "../core/errors.ts";
import { decodeJson } from "../core/json.ts";
import type { Log } from "../core/operation.ts";
import { readAll } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import { answerInTime, DEFAULT_ATTEMPTS, faultReason, type HubRetryOptions } from "./retry.ts";
import { isRetriedStatus } from "../core/retry.ts";
import { isFault, waitToRetry } from "./retry.ts";

/** Sends a request and gives the answer. The platform's `fetch` is one. */
export type HubFetch = (request: Request) => Promise<Response>;

/** What a client knows of its hub. */
export interface HubClientOptions {
  /** URL of the hub, without a slash at its end. */
  readonly hubUrl: string;
  /** Headers that say who asks; they never leave the hub's origin. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Sends requests; the platform's `fetch` when absent. */
  readonly fetch?: HubFetch;
  /** How to try again. */
  readonly retry?: HubRetryOptions;
  /** Called with each log record. */
  readonly log?: Log;
  /** The error for an answer that is no success. */
  readonly explain: (response: Response) => Error;
}

/** A request of a client. */
export interface HubSendOptions {
  /** Headers for the origin of the URL. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value to POST; the request is a GET without one. */
  readonly post?: unknown;
  /** Statuses besides 2xx that are returned. */
  readonly accept?: readonly number[];
  /** Stops the request and the body of its answer. */
  readonly signal?: AbortSignal;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Redirects followed for one request. */
const HOP_LIMIT = 10;

/** Headers that may go to another origin. */
const PORTABLE_HEADERS = ["accept", "accept-encoding", "range", "if-range"];

/** Largest document that a hub may answer with. Bytes. */
const LARGEST_DOCUMENT = 64 * 1024 * 1024;

/** A client of one hub. */
export class HubClient {
  /** How requests are tried again. */
  readonly retry: HubRetryOptions;
  /** Called with each log record. */
  readonly log: Log | undefined;
  readonly #hub: URL;
  readonly #credentials: Headers;
  readonly #options: HubClientOptions;
  readonly #fetch: HubFetch;

  /**
   * Makes a client; nothing is sent.
   * @throws {InvalidInputError} when the credentials cannot be sent.
   */
  constructor(options: HubClientOptions) {
    this.#hub = new URL(options.hubUrl);
    this.#credentials = credentialHeaders(options.credentials ?? {}, this.#hub.host);
    this.#options = options;
    this.#fetch = options.fetch ?? fetch;
    this.retry = options.retry ?? {};
    this.log = options.log;
  }

  /**
   * Sends a request and returns its answer when that is a success.
   * @throws {TransferError} when the hub cannot be reached; what `explain` says for other statuses.
   */
  async send(url: string, options: HubSendOptions = {}): Promise<Response> {
    const response = await this.#try(url, options);
    if (response.ok || options.accept?.includes(response.status)) return response;
    await response.body?.cancel();
    throw this.#options.explain(response);
  }

  /**
   * Gets a JSON document.
   * @throws {InvalidInputError} when the answer is no JSON.
   */
  async json(url: string, options: HubSendOptions = {}): Promise<unknown> {
    const response = await this.send(url, options);
    const what = `the answer of ${quote(new URL(url).host)}`;
    if (response.body === null) return decodeJson(new Uint8Array(), what);
    return decodeJson(await readAll(response.body, LARGEST_DOCUMENT), what);
  }

  async #try(url: string, options: HubSendOptions): Promise<Response> {
    const { host } = new URL(url);
    const attempts = this.retry.attempts ?? DEFAULT_ATTEMPTS;
    for (let failures = 1;; failures++) {
      const outcome = await this.#once(url, options);
      const hopeless = failures >= attempts;
      if (outcome instanceof Response) {
        if (hopeless || !isRetriedStatus(outcome.status)) return outcome;
        await outcome.body?.cancel();
      } else if (hopeless) {
        throw new TransferError(`Cannot reach ${quote(host)}: ${outcome.reason}`, {
          registry: host,
        });
      }
      const reason = outcome instanceof Response ? `status ${outcome.status}` : outcome.reason;
      this.log?.("info", `Trying ${host} again: ${reason}`);
      await waitToRetry(
        failures,
        { ...this.retry, signal: options.signal },
        outcome instanceof Response ? outcome : undefined,
      );
    }
  }

  async #once(url: string, options: HubSendOptions): Promise<Response | { reason: string }> {
    options.signal?.throwIfAborted();
    try {
      return await this.#follow(new URL(url), options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isFault(error, options.signal)) throw error;
      return { reason: faultReason(error) };
    }
  }

  /** Follows redirects. Once another origin is on the way, nothing says who asks any more. */
  async #follow(start: URL, options: HubSendOptions): Promise<Response> {
    const headers = this.#headers(start, options);
    let url = start;
    for (let hop = 0; hop <= HOP_LIMIT; hop++) {
      const response = await this.#exchange(url, headers, options);
      if (!REDIRECTS.has(response.status)) return response;
      await response.body?.cancel();
      const target = redirectTarget(response, url);
      if (target.origin !== url.origin) keepPortable(headers);
      url = target;
    }
    throw refused(start, `it redirects more than ${HOP_LIMIT} times`);
  }

  async #exchange(url: URL, headers: Headers, options: HubSendOptions): Promise<Response> {
    const { post, signal } = options;
    return await answerInTime({ ...this.retry, signal }, (stop) =>
      this.#fetch(
        new Request(url, {
          method: post === undefined ? "GET" : "POST",
          body: post === undefined ? null : JSON.stringify(post),
          headers: new Headers(headers),
          redirect: "manual",
          signal: stop,
        }),
      ));
  }

  #headers(url: URL, { headers, post }: HubSendOptions): Headers {
    const all = new Headers(headers);
    if (url.origin === this.#hub.origin) {
      for (const [name, value] of this.#credentials) all.set(name, value);
    }
    if (post !== undefined) all.set("Content-Type", "application/json");
    return all;
  }
}

/** The runtime's own error would repeat the secret. */
function credentialHeaders(credentials: Readonly<Record<string, string>>, host: string): Headers {
  if (Object.values(credentials).every((value) => /^[\x21-\x7e][\x20-\x7e]*$/.test(value))) {
    return new Headers(credentials);
  }
  throw new InvalidInputError(
    `Cannot use the credentials for ${quote(host)}: they hold characters that no header can hold`,
    { registry: host, remedy: "look for spaces and line ends in the token" },
  );
}

function redirectTarget(response: Response, from: URL): URL {
  const target = URL.parse(response.headers.get("Location") ?? "", from);
  if (target === null) throw refused(from, "it redirects to nowhere");
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw refused(from, `it redirects to a URL of scheme ${quote(target.protocol)}`);
  }
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw refused(from, `it redirects to ${target.host} without TLS`);
  }
  if (target.username !== "" || target.password !== "") {
    throw refused(from, "it redirects to a URL with a user name");
  }
  return target;
}

function keepPortable(headers: Headers): void {
  for (const name of [...headers.keys()]) {
    if (!PORTABLE_HEADERS.includes(name)) headers.delete(name);
  }
}

function refused(from: URL, reason: string): TransferError {
  return new TransferError(`Cannot follow ${quote(from.host)}: ${reason}`, {
    registry: from.host,
  });
}
