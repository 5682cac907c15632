/**
 * HTTP with a hub: the way to the network that everything has, and credentials for the hub's own
 * origin.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { decodeJson, insteadOfJson } from "../core/json.ts";
import type { Log } from "../core/operation.ts";
import { forOneServer, type RetryPolicy } from "../core/retry.ts";
import { quote } from "../core/text.ts";
import { discard, readBody } from "../http/bodies.ts";
import { fetchTransport } from "../http/fetch_sender.ts";
import { guarded, type PrivateAccess } from "../http/private_guard.ts";
import { redirecting } from "../http/redirects.ts";
import { retrying } from "../http/retrying.ts";
import type { AnswerHints, Transport } from "../http/transport_options.ts";

import type { ReadBudget } from "./read_budget.ts";

/** What a client knows of its hub. */
export interface HubClientOptions extends PrivateAccess {
  /** URL of the hub, without a slash at its end. */
  readonly hubUrl: string;
  /** Headers that say who asks; they never leave the hub's origin. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** The way to the network; the platform's `fetch` when absent. */
  readonly transport?: Transport;
  readonly retry?: RetryPolicy;
  readonly log?: Log;
  /** The error for an answer that is no success. */
  readonly explain: (response: Response) => Error;
  /** The error for an answer that is not what the API of the hub promises. */
  readonly malformed: (found: string) => Error;
}

/** A document of a hub. */
export interface HubDocument {
  readonly value: unknown;
  readonly headers: Headers;
}

/** A request of a client. */
export interface HubSendOptions extends Pick<AnswerHints, "bodyLimit" | "bytesToFile"> {
  /** Headers for the origin of the URL. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value to POST; the request is a GET without one. */
  readonly post?: unknown;
  /** Statuses besides 2xx that are returned. */
  readonly accept?: readonly number[];
  /** What is left for documents. */
  readonly budget?: ReadBudget;
  /** Stops the request and the body of its answer. */
  readonly signal?: AbortSignal;
}

/**
 * Largest document that a hub may answer with, in bytes: some list all files in one. Ten thousand
 * of them take half of it. What is read of one takes up to twenty times its size of memory.
 */
const LARGEST_DOCUMENT = 8 * 1024 * 1024;

/** The most values of a document of a hub: a file has up to twenty. */
const MOST_DOCUMENT_VALUES = 400_000;

/** Longest address that is asked for; hubs name parts of addresses, and no server takes more. */
const LONGEST_ADDRESS = 16 * 1024;

export class HubClient {
  readonly retry: RetryPolicy;
  readonly log: Log | undefined;
  readonly #hub: URL;
  readonly #credentials: Headers;
  readonly #explain: (response: Response) => Error;
  readonly #malformed: (found: string) => Error;
  readonly #send: Transport;

  /**
   * Makes a client; nothing is sent.
   * @throws {InvalidInputError} when the credentials cannot be sent.
   */
  constructor(options: HubClientOptions) {
    const { hubUrl, credentials = {}, transport = fetchTransport, log } = options;
    const retry = forOneServer(options.retry);
    this.#hub = new URL(hubUrl);
    this.#credentials = credentialHeaders(credentials, this.#hub.host);
    this.#explain = options.explain;
    this.#malformed = options.malformed;
    this.retry = retry;
    this.log = log;
    // A try begins at the hub again: the signed address it redirected to may not hold any more.
    const way = guarded(transport, this.#hub, options);
    this.#send = retrying(redirecting(way), { ...retry, log });
  }

  /**
   * Sends a request and returns its answer when that is a success.
   * @throws {TransferError} when the hub cannot be reached, or the URL, which it may have named,
   * leads from the internet to a private network; what `explain` says for other statuses.
   */
  async send(url: string, options: HubSendOptions = {}): Promise<Response> {
    const { accept, signal } = options;
    if (url.length > LONGEST_ADDRESS) {
      throw this.#malformed(`it leads to an address of ${url.length} characters`);
    }
    const target = new URL(url);
    const body = options.post === undefined
      ? null
      : new TextEncoder().encode(JSON.stringify(options.post));
    const response = await this.#send(
      new Request(target, {
        method: body === null ? "GET" : "POST",
        body,
        headers: this.#headers(target, options, body),
        signal,
      }),
      { bodyLimit: options.bodyLimit, bytesToFile: options.bytesToFile },
    );
    if (response.ok || accept?.includes(response.status)) return response;
    await discard(response);
    throw this.#explain(response);
  }

  /**
   * Gets a JSON document.
   * @throws {InvalidInputError} when the answer is no JSON, as `malformed` says it.
   */
  async json(url: string, options: HubSendOptions = {}): Promise<unknown> {
    return (await this.document(url, options)).value;
  }

  /** Gets a JSON document together with the headers that it came with. */
  async document(url: string, options: HubSendOptions = {}): Promise<HubDocument> {
    const limit = Math.min(LARGEST_DOCUMENT, options.budget?.next() ?? Infinity);
    const headers = { Accept: "application/json", ...options.headers };
    const response = await this.send(url, { ...options, headers, bodyLimit: limit });
    const request = { url, signal: options.signal, stallTime: this.retry.stallTime };
    const bytes = await readBody(response, request, limit);
    options.budget?.spend(bytes.byteLength);
    return { value: this.#parse(bytes), headers: response.headers };
  }

  #parse(bytes: Uint8Array): unknown {
    try {
      return decodeJson(bytes, "its answer", MOST_DOCUMENT_VALUES);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      const instead = insteadOfJson(bytes);
      throw this.#malformed(
        instead === undefined
          ? error.message.replace(/^Cannot read /, "")
          : `it answered with ${instead}`,
      );
    }
  }

  #headers(url: URL, { headers }: HubSendOptions, body: Uint8Array | null): Headers {
    const all = new Headers(headers);
    if (url.origin === this.#hub.origin) {
      for (const [name, value] of this.#credentials) all.set(name, value);
    }
    if (body !== null) {
      all.set("Content-Type", "application/json");
      all.set("Content-Length", String(body.byteLength));
    }
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
