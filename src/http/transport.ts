/**
 * The bottom of the client: one HTTP exchange, without redirects, credentials or retries.
 *
 * Two ways lead out. `fetch` is fast for reading. A request with a body goes through
 * `node:http(s)`, because `fetch` sends streams chunked, and registries and object stores want a
 * Content-Length; `node:http(s)` is also the only way that can skip the check of certificates, look
 * at the address that it connects to, and go where `fetch` refuses to. That way is imported with
 * the first request that takes it.
 * @module
 */
import { nodeCrypto } from "../core/runtime/builtins.ts";
import { InvalidInputError } from "../core/errors.ts";
import { isInternalHost, resolvesInside } from "./addresses.ts";
import { checkCertificate } from "./authorities.ts";
import { FetchSender, isFetchRefusal } from "./fetch_sender.ts";
import { limited } from "./limited.ts";
import type { NodeSender } from "./node_sender.ts";
import { parseProxy, proxyFor } from "./proxies.ts";
import type { AnswerHints, Transport, TransportOptions } from "./transport_options.ts";

/** A transport that holds connections until it is disposed. */
export interface DisposableTransport extends Disposable {
  /** Sends a request. Redirects are not followed. */
  readonly send: Transport;
  /** Whether a server is on this machine or in its private networks; proxies hide where it is. */
  readonly isInside: (url: URL) => Promise<boolean>;
}

/** The name under which this program sends requests when it is given no other. */
const USER_AGENT = "modelops";

/**
 * Makes a transport.
 * @throws {InvalidInputError} when a certificate, a key or a proxy cannot be used.
 */
export function createTransport(options: TransportOptions = {}): DisposableTransport {
  checkOptions(options);
  const fetcher = new FetchSender(options);
  let sender: Promise<NodeSender> | undefined;
  const viaNode: Transport = async (request, hints) => {
    sender ??= import("./node_sender.ts").then((module) => new module.NodeSender(options));
    return await (await sender).send(request, hints);
  };
  /** Origins that `fetch` refuses to go to. */
  const refused = new Set<string>();
  const viaFetch: Transport = async (request, hints) => {
    try {
      return await fetcher.send(request);
    } catch (error) {
      if (!isFetchRefusal(error)) throw error;
      refused.add(new URL(request.url).origin);
      return await viaNode(request, hints);
    }
  };
  const send: Transport = async (request, hints) => {
    const prepared = prepare(request, options.userAgent ?? USER_AGENT);
    const byNode = needsNode(request, options, hints) || refused.has(new URL(request.url).origin);
    return await (byNode ? viaNode : viaFetch)(prepared, hints);
  };
  return {
    send: limited(send, options.maxRate),
    isInside: async (url) =>
      isInternalHost(url.hostname) ||
      proxyFor(url, options.proxy) === undefined && await resolvesInside(url.hostname),
    [Symbol.dispose]() {
      fetcher.close();
      // Whoever sent a request has been told when there is no sender to close.
      sender?.then((opened) => opened.close(), () => {});
    },
  };
}

/** Node's own `fetch` cannot be told of certificates and proxies: there the other way takes all. */
const FETCH_HAS_CLIENTS = Deno.createHttpClient !== undefined;

/** Whether only `node:http(s)` can send a request as it has to be sent. */
function needsNode(request: Request, options: TransportOptions, hints?: AnswerHints): boolean {
  if (!FETCH_HAS_CLIENTS) return true;
  if (options.insecure || request.body !== null || isExempt(request, options)) return true;
  const direct = proxyFor(new URL(request.url), options.proxy) === undefined;
  return direct && hints?.namedBy !== undefined;
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
    const { createPrivateKey, X509Certificate } = nodeCrypto();
    const key = createPrivateKey(options.key);
    if (!new X509Certificate(options.cert).checkPrivateKey(key)) {
      throw new InvalidInputError("Cannot use client certificate: the key is that of another one");
    }
  }
  // Those of the environment may be for other hosts than the ones that are asked.
  if (typeof options.proxy === "string") parseProxy(options.proxy);
}

function checkKey(pem: string): void {
  try {
    nodeCrypto().createPrivateKey(pem);
  } catch {
    // The parser's own words might quote the key.
    throw new InvalidInputError("Cannot use client key: it is no PEM key without a passphrase");
  }
}
