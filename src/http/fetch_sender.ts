/**
 * Requests through `fetch`, which is fast for reading.
 * @module
 */
import { askedUrl } from "./asked_url.ts";
import { Trust } from "./authorities.ts";
import { proxyFor } from "./proxies.ts";
import type { Transport, TransportOptions } from "./transport_options.ts";

/**
 * `fetch` as a transport. It sends streams in chunks, where object stores want a Content-Length: a
 * body whose length is told is in memory first.
 */
export const fetchTransport: Transport = async (request) => {
  const isSized = request.body !== null && request.headers.has("Content-Length");
  const body = isSized ? { body: await request.bytes() } : {};
  return await fetch(request, { ...body, redirect: "manual" });
};

/** `fetch`, with one client for each proxy that was needed. */
export class FetchSender {
  readonly #options: TransportOptions;
  readonly #trust: Trust;
  readonly #clients = new Map<string | undefined, Deno.HttpClient>();
  /** Clients that were replaced; what they carry may still be under way. */
  readonly #old: Deno.HttpClient[] = [];
  /** The authorities that the clients trust. */
  #caCerts: readonly string[] = [];

  /** Makes a sender; nothing is opened before the first request. */
  constructor(options: TransportOptions) {
    this.#options = options;
    this.#trust = new Trust(options);
  }

  /** Sends a request without a body, and gives the answer without following redirects. */
  async send(request: Request): Promise<Response> {
    const proxy = proxyFor(askedUrl(request), this.#options.proxy);
    return await this.#trust.connecting(async (caCerts) => {
      const client = this.#clientFor(proxy, caCerts);
      return await fetch(request, { client, redirect: "manual" });
    });
  }

  /** Closes all connections. */
  close(): void {
    for (const client of [...this.#clients.values(), ...this.#old]) client.close();
    this.#clients.clear();
    this.#old.length = 0;
  }

  #clientFor(proxy: string | undefined, caCerts: readonly string[]): Deno.HttpClient {
    if (this.#caCerts !== caCerts) {
      this.#caCerts = caCerts;
      this.#old.push(...this.#clients.values());
      this.#clients.clear();
    }
    const known = this.#clients.get(proxy);
    if (known) return known;
    const { cert, key } = this.#options;
    const client = Deno.createHttpClient({
      caCerts: [...caCerts],
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
  if (username === "" && password === "") return { url: url.href };
  const basicAuth = {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  return { url: url.href, basicAuth };
}
