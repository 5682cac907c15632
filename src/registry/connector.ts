/**
 * Registry clients by the way they are reached.
 * @module
 */
import type { Reference } from "../oci/reference.ts";
import { RegistryClient, type RegistryClientOptions } from "./client.ts";
import type { RegistryRepository } from "./repository.ts";

/** What of the way to a registry may differ from one operation to the next. */
export interface ConnectOptions {
  /** Speak HTTP without TLS. */
  readonly plainHttp?: boolean;
  /** Accept any certificate, and fall back to HTTP. */
  readonly insecure?: boolean;
  /** URL of the proxy for every request. */
  readonly proxy?: string;
}

/**
 * Opens repositories, and keeps one client for each way of reaching registries, so that operations share
 * connections, tokens and what was learned about a registry.
 */
export class RegistryConnector implements AsyncDisposable {
  readonly #options: RegistryClientOptions;
  readonly #clients = new Map<string, RegistryClient>();

  /** Makes a connector; `options` hold where a connection does not say otherwise. */
  constructor(options: RegistryClientOptions = {}) {
    this.#options = options;
  }

  /** The repository that a reference points to. It may be handed around without its connector. */
  readonly connect = (
    reference: Pick<Reference, "registry" | "repository">,
    options: ConnectOptions = {},
  ): RegistryRepository => this.client(options).repository(reference);

  /** The client for one way of reaching registries. */
  client(options: ConnectOptions = {}): RegistryClient {
    const { plainHttp, insecure, proxy } = { ...this.#options, ...withoutUndefined(options) };
    const key = JSON.stringify([plainHttp, insecure, proxy]);
    let client = this.#clients.get(key);
    if (!client) {
      client = new RegistryClient({ ...this.#options, plainHttp, insecure, proxy });
      this.#clients.set(key, client);
    }
    return client;
  }

  /** Closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
    this.#clients.clear();
  }
}

function withoutUndefined(options: ConnectOptions): ConnectOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
