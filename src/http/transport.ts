/**
 * The bottom of the client: one HTTP exchange, without redirects, credentials or retries.
 * @module
 */
import { askedUrl } from "./asked_url.ts";
import { nodeCrypto } from "../core/runtime/builtins.ts";
import { InvalidInputError } from "../core/errors.ts";
import { isInternalHost, resolvesInside } from "./addresses.ts";
import { certificatesIn } from "./authorities.ts";
import { discard } from "./bodies.ts";
import { knownFault } from "./faults.ts";
import { FetchSender } from "./fetch_sender.ts";
import { limited } from "./limited.ts";
import { parseProxy, proxyFor } from "./proxies.ts";
import type { AnswerHints, Transport, TransportOptions } from "./transport_options.ts";
import { hasSockets, type Way, wayAround, wayOf } from "./ways.ts";

/** A transport that holds connections until it is disposed. */
export interface DisposableTransport extends Disposable {
  /** Sends a request. Redirects are not followed. */
  readonly send: Transport;
  /** Whether a server is on this machine or in its private networks; proxies hide where it is. */
  readonly isInside: (url: URL) => Promise<boolean>;
  /** Whether the server of a URL speaks TLS; `undefined` where only a request can tell. */
  readonly speaksTls: SpeaksTls;
}

/** Finds out whether the server of a URL speaks TLS, where that takes less than a request. */
export type SpeaksTls = (url: URL, signal: AbortSignal) => Promise<boolean | undefined>;

/** The name under which this program sends requests when it is given no other. */
const USER_AGENT = "modelops";

/**
 * Makes a transport.
 * @throws {InvalidInputError} when a certificate, a key or a proxy cannot be used.
 */
export function createTransport(given: TransportOptions = {}): DisposableTransport {
  const options = checkedOptions(given);
  const senders: Readonly<Record<Way, Sender>> = {
    fetch: new FetchSender(options),
    socket: new LateSender(async () => {
      const { SocketSender } = await import("./socket/socket_sender.ts");
      return new SocketSender(options);
    }),
    node: new LateSender(async () => {
      const { nodeSender } = await import("./socket/node_dial.ts");
      return nodeSender(options);
    }),
  };
  /** Origins that only the last way leads to. */
  const leftToNode = new Set<string>();
  const send: Transport = async (request, hints) => {
    const { origin } = askedUrl(request);
    const way = leftToNode.has(origin) ? "node" : wayOf(request, options, hints);
    const prepared = prepare(request, options.userAgent ?? USER_AGENT);
    try {
      return await notOfProxy(await senders[way].send(prepared, hints));
    } catch (error) {
      const other = wayAround(error, { way, request, hints });
      if (other === undefined) throw ofProxy(error, request, options);
      if (other === "node") leftToNode.add(origin);
      return await notOfProxy(await senders[other].send(prepared, hints));
    }
  };
  return {
    send: limited(send, options.maxRate),
    isInside: async (url) =>
      isInternalHost(url.hostname) ||
      proxyFor(url, options.proxy) === undefined && await resolvesInside(url.hostname),
    async speaksTls(url, signal) {
      if (!hasSockets || proxyFor(url, options.proxy) !== undefined) return undefined;
      const { answersWithTls } = await import("./socket/tls_greeting.ts");
      return await answersWithTls(url, signal);
    },
    [Symbol.dispose]() {
      for (const sender of Object.values(senders)) sender.close();
    },
  };
}

/** What a proxy cannot reach it says; what cannot be reached here is the proxy. */
function ofProxy(error: unknown, request: Request, { proxy }: TransportOptions): unknown {
  const isAway = knownFault(error)?.kind === "unreachable";
  if (!isAway || proxyFor(askedUrl(request), proxy) === undefined) return error;
  return new Error("the proxy cannot be reached", { cause: error });
}

/** Makes sure that an answer is one of the server: only proxies answer 407 (RFC 9110 §15.5.8). */
async function notOfProxy(response: Response): Promise<Response> {
  if (response.status !== 407) return response;
  await discard(response);
  throw new Error("proxy authentication required");
}

/** One way to the network, with the connections that it keeps. */
interface Sender {
  readonly send: Transport;
  close(): void;
}

/** A sender that is loaded with the first request that takes it. */
class LateSender implements Sender {
  readonly #load: () => Promise<Sender>;
  #loaded: Promise<Sender> | undefined;

  constructor(load: () => Promise<Sender>) {
    this.#load = load;
  }

  async send(request: Request, hints?: AnswerHints): Promise<Response> {
    return await (await (this.#loaded ??= this.#load())).send(request, hints);
  }

  close(): void {
    // Whoever sent a request has been told when there is no sender to close.
    this.#loaded?.then((sender) => sender.close(), () => {});
  }
}

function prepare(request: Request, userAgent: string): Request {
  // Content is addressed by digest, so its bytes have to come as they are stored.
  request.headers.set("Accept-Encoding", "identity");
  request.headers.set("User-Agent", userAgent);
  return request;
}

function checkedOptions(options: TransportOptions): TransportOptions {
  const caCerts = options.caCerts?.flatMap((pem) => certificatesIn(pem, "certificate authorities"));
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw new InvalidInputError("Cannot use client certificate: certificate and key go together", {
      remedy: "give both --cert-file and --key-file",
    });
  }
  if (options.cert !== undefined) certificatesIn(options.cert, "client certificate");
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
  return { ...options, caCerts };
}

function checkKey(pem: string): void {
  try {
    nodeCrypto().createPrivateKey(pem);
  } catch {
    // The parser's own words might quote the key.
    throw new InvalidInputError("Cannot use client key: it is no PEM key without a passphrase");
  }
}
