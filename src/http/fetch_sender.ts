/**
 * Requests through `fetch`, which is fast for reading.
 * @module
 */
import { trustedCertificates } from "./authorities.ts";
import { proxyFor } from "./proxies.ts";
import type { Transport, TransportOptions } from "./transport_options.ts";

/** The platform's own way, with nothing to be set or closed. Redirects are not followed. */
export const fetchTransport: Transport = (request) => fetch(request, { redirect: "manual" });

/** The server's certificate is of an authority that is not among those known so far. */
const UNKNOWN_AUTHORITY = /UnknownIssuer/;

/**
 * What `fetch` does for nobody: ports that browsers block, and a certificate of an authority that a
 * server shows as its own.
 */
const NEVER_FETCHED = /Requests to port \d+ are blocked|CaUsedAsEndEntity/;

/** Whether another way may lead where `fetch` refused to go. */
export function isFetchRefusal(error: unknown): boolean {
  return NEVER_FETCHED.test(wordsOf(error));
}

/** `fetch`, with one client for each proxy that was needed. */
export class FetchSender {
  readonly #options: TransportOptions;
  readonly #clients = new Map<string | undefined, Deno.HttpClient>();
  /** Clients that were replaced; what they carry may still be under way. */
  readonly #old: Deno.HttpClient[] = [];
  /** All authorities, when those that were given did not do: the machine's take time to read. */
  #trusted: Promise<string[]> | undefined;
  #caCerts: readonly string[];

  /** Makes a sender; nothing is opened before the first request. */
  constructor(options: TransportOptions) {
    this.#options = options;
    this.#caCerts = options.caCerts ?? [];
  }

  /** Sends a request without a body, and gives the answer without following redirects. */
  async send(request: Request): Promise<Response> {
    const known = this.#caCerts;
    try {
      return await this.#fetch(request);
    } catch (error) {
      if (!UNKNOWN_AUTHORITY.test(wordsOf(error))) throw error;
      await this.#trustMachine();
      if (known === this.#caCerts) throw error;
      return await this.#fetch(request);
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const client of [...this.#clients.values(), ...this.#old]) client.close();
    this.#clients.clear();
    this.#old.length = 0;
  }

  async #fetch(request: Request): Promise<Response> {
    const client = this.#clientFor(proxyFor(new URL(request.url), this.#options.proxy));
    return await fetch(request, { client, redirect: "manual" });
  }

  async #trustMachine(): Promise<void> {
    const caCerts = await (this.#trusted ??= trustedCertificates(this.#options));
    if (this.#caCerts === caCerts) return;
    this.#caCerts = caCerts;
    this.#old.push(...this.#clients.values());
    this.#clients.clear();
  }

  #clientFor(proxy: string | undefined): Deno.HttpClient {
    const known = this.#clients.get(proxy);
    if (known) return known;
    const { cert, key } = this.#options;
    const client = Deno.createHttpClient({
      caCerts: [...this.#caCerts],
      ...(cert && key && { cert, key }),
      proxy: proxy ? proxyOption(proxy) : undefined,
    });
    this.#clients.set(proxy, client);
    return client;
  }
}

function proxyOption(text: string): Deno.Proxy {
  const url = new URL(text);
  const { username, password } = url;
  url.username = url.password = "";
  if (username === "") return { url: url.href };
  const basicAuth = {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  return { url: url.href, basicAuth };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return [error.message, wordsOf(error.cause)].join(" ");
}
