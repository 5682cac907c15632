/**
 * The bottom of the client: one HTTP exchange, without redirects, credentials or retries.
 *
 * Two ways lead out. `fetch` is fast for reading. A request with a body goes through
 * `node:http(s)`, because `fetch` sends streams chunked, and registries and object stores want a
 * Content-Length; `node:https` is also the only way that can skip the check of certificates. That
 * way is imported with the first request that takes it.
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { InvalidInputError } from "../core/errors.ts";
import type { Transport } from "./transport_options.ts";
import { proxyFor } from "./proxies.ts";
import type { NodeSender } from "./node_sender.ts";
import type { TransportOptions } from "./transport_options.ts";

/** A transport that holds connections until it is disposed. */
export interface DisposableTransport extends Disposable {
  /** Sends a request. Redirects are not followed. */
  readonly send: Transport;
}

/** The name under which this program sends requests when it is given no other. */
const USER_AGENT = "modelops";

/** The platform's own way, with nothing to be set or closed. Redirects are not followed. */
export const fetchTransport: Transport = (request) => fetch(request, { redirect: "manual" });

/**
 * Makes a transport.
 * @throws {InvalidInputError} when a certificate, a key or a proxy cannot be used.
 */
export function createTransport(options: TransportOptions = {}): DisposableTransport {
  checkOptions(options);
  const fetcher = new Fetcher(options);
  let sender: Promise<NodeSender> | undefined;
  const openSender = async () => new (await import("./node_sender.ts")).NodeSender(options);
  return {
    send: async (request) => {
      const prepared = prepare(request, options.userAgent ?? USER_AGENT);
      const viaNode = options.insecure || request.body !== null || isExempt(request, options);
      return await (viaNode ? await (sender ??= openSender()) : fetcher).send(prepared);
    },
    [Symbol.dispose]() {
      fetcher.close();
      // Whoever sent a request has been told when there is no sender to close.
      sender?.then((opened) => opened.close(), () => {});
    },
  };
}

/**
 * Whether a request goes directly although there are proxies. `fetch` reads the environment by
 * itself, and by rules of its own: it might take the proxy.
 */
function isExempt(request: Request, { proxy }: TransportOptions): boolean {
  const some = typeof proxy === "object" && Boolean(proxy.http || proxy.https);
  return some && proxyFor(new URL(request.url), proxy) === undefined;
}

function prepare(request: Request, userAgent: string): Request {
  // Content is addressed by digest, so its bytes have to come as they are stored.
  request.headers.set("Accept-Encoding", "identity");
  request.headers.set("User-Agent", userAgent);
  return request;
}

/** `fetch`, with one client for each proxy that was needed. */
class Fetcher {
  readonly #options: TransportOptions;
  readonly #clients = new Map<string | undefined, Deno.HttpClient>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async send(request: Request): Promise<Response> {
    const client = this.#clientFor(proxyFor(new URL(request.url), this.#options.proxy));
    return await fetch(request, { client, redirect: "manual" });
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #clientFor(proxy: string | undefined): Deno.HttpClient {
    const known = this.#clients.get(proxy);
    if (known) return known;
    const { caCerts = [], cert, key } = this.#options;
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
  if (username === "") return { url: url.href };
  const basicAuth = {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
  return { url: url.href, basicAuth };
}

function checkOptions(options: TransportOptions): void {
  for (const pem of options.caCerts ?? []) checkCertificate(pem, "certificate authority");
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw new InvalidInputError("Cannot use client certificate: certificate and key go together", {
      remedy: "give both --cert-file and --key-file",
    });
  }
  if (options.cert !== undefined) checkCertificate(options.cert, "client certificate");
  if (options.key !== undefined) checkKey(options.key);
  if (options.cert !== undefined && options.key !== undefined) {
    const key = createPrivateKey(options.key);
    if (!new X509Certificate(options.cert).checkPrivateKey(key)) {
      throw new InvalidInputError("Cannot use client certificate: the key is that of another one");
    }
  }
  const { proxy } = options;
  for (const url of typeof proxy === "string" ? [proxy] : [proxy?.http, proxy?.https]) {
    if (url) checkProxy(url);
  }
}

/** The first certificate of a bundle has to be one; the platform would ignore garbage silently. */
function checkCertificate(pem: string, what: string): void {
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new InvalidInputError(`Cannot use ${what}: it holds no PEM certificate`, { cause });
  }
}

function checkKey(pem: string): void {
  try {
    createPrivateKey(pem);
  } catch {
    // The parser's own words might quote the key.
    throw new InvalidInputError("Cannot use client key: it is no PEM key without a passphrase");
  }
}

function checkProxy(text: string): void {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return;
  // The text may hold a password, so it is not repeated.
  throw new InvalidInputError("Cannot use proxy: expected a URL that starts with http://", {
    remedy: "write http://host:port",
  });
}
