/**
 * Requests through `node:http(s)`: bodies through proxies or with a certificate of the client, and
 * servers whose certificates are not to be checked.
 * @module
 */
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates } from "node:tls";
import { giveBack } from "../core/buffers.ts";
import { HEAD_LIMIT } from "../core/http1/input.ts";
import { DEFAULT_RETRY } from "../core/retry.ts";
import { StallWatch, withTimeLimit } from "../core/time_limit.ts";
import { trustedCertificates } from "./authorities.ts";
import { allowedLookup, isBounded, type Reach } from "./private_guard.ts";
import { proxyFor } from "./proxies.ts";
import type { AnswerHints, TransportOptions } from "./transport_options.ts";

/** Statuses whose answers have no body, as the Fetch standard lists them. */
const BODYLESS = new Set([204, 205, 304]);

/** Sends requests through `node:http(s)` and keeps the connections until it is closed. */
export class NodeSender {
  readonly #options: TransportOptions;
  readonly #agents = new Map<string, Promise<http.Agent>>();
  #trusted: Promise<string[]> | undefined;

  /** Makes a sender; nothing is opened before the first request. */
  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Sends a request with its body, and gives the answer without following redirects. */
  async send(request: Request, reach: AnswerHints = {}): Promise<Response> {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    const secure = url.protocol === "https:";
    const proxy = proxyFor(url, this.#options.proxy);
    const bounded = proxy === undefined && isBounded(reach);
    const outgoing = (secure ? https : http).request(url, {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      agent: await this.#agent({ secure, proxy, reach: bounded ? reachName(reach) : "" }),
      maxHeaderSize: HEAD_LIMIT,
      lookup: bounded ? allowedLookup(reach) : undefined,
      signal: request.signal,
      ...(secure ? await this.#tls() : {}),
    });
    try {
      const stallTime = this.#options.stallTime ?? DEFAULT_RETRY.stallTime;
      const incoming = await exchange(outgoing, request, stallTime);
      // A server that answered early is not sent the rest; its connection cannot be used again.
      if (!outgoing.writableEnded) incoming.once("close", () => outgoing.destroy());
      return toResponse(incoming, request.method);
    } catch (error) {
      outgoing.destroy();
      request.signal.throwIfAborted();
      throw error;
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.then((made) => made.destroy());
    this.#agents.clear();
  }

  async #tls(): Promise<https.RequestOptions> {
    const { cert, key, insecure } = this.#options;
    if (insecure) return { cert, key, rejectUnauthorized: false };
    const trusted = await (this.#trusted ??= trustedCertificates(this.#options));
    // Without authorities of one's own the platform has the built-in ones at hand.
    return { ca: trusted.length > 0 ? [...rootCertificates, ...trusted] : undefined, cert, key };
  }

  /** Connections are shared only among requests of the same way and the same check. */
  #agent(
    { secure, proxy, reach }: { secure: boolean; proxy: string | undefined; reach: string },
  ): Promise<http.Agent> {
    const name = JSON.stringify([secure, proxy, reach]);
    const known = this.#agents.get(name);
    if (known) return known;
    const agent = makeAgent(secure, proxy);
    this.#agents.set(name, agent);
    return agent;
  }
}

/** What requests have in common that may share a connection. */
function reachName({ namedBy }: Reach): string {
  return namedBy === undefined ? "inside" : "outside";
}

/** The agents for proxies take 40 ms to load, so they are loaded when there is a proxy. */
async function makeAgent(secure: boolean, proxy: string | undefined): Promise<http.Agent> {
  const options = { keepAlive: true };
  if (proxy === undefined) return secure ? new https.Agent(options) : new http.Agent(options);
  if (secure) {
    const { HttpsProxyAgent } = await import("../deps/https-proxy-agent.ts");
    return new HttpsProxyAgent(proxy, options) as unknown as http.Agent;
  }
  const { HttpProxyAgent } = await import("../deps/http-proxy-agent.ts");
  return new HttpProxyAgent(proxy, options) as unknown as http.Agent;
}

/**
 * Bytes for which a server may work a millisecond on a body before it answers: some read all of it
 * again, or copy it to where it stays.
 */
const BYTES_A_MILLISECOND = 32 * 1024;

/** What went wrong where a proxy does not connect, in the words of `fetch`, which knows less. */
function tunnelFault(status: number): string {
  if (status === 407) return "proxy authentication required";
  return status >= 400 && status < 500 ? `the proxy refuses it: ${status}` : "unsuccessful tunnel";
}

/** Interim answers that are passed over, as over sockets of our own. */
const INTERIM_LIMIT = 100;

/** Sends the body and waits for the answer, which may come before the body is sent. */
async function exchange(
  outgoing: http.ClientRequest,
  request: Request,
  stallTime: number,
): Promise<http.IncomingMessage> {
  const answer = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    // The agent hands on what a proxy says that does not connect as if the server had said it.
    // Without a tunnel there is no status.
    outgoing.once("proxyConnect", ({ statusCode = 200 }: { readonly statusCode?: number }) => {
      if (statusCode !== 200) outgoing.destroy(new Error(tunnelFault(statusCode)));
    });
    let interim = 0;
    outgoing.on("information", () => {
      if (++interim <= INTERIM_LIMIT) return;
      outgoing.destroy(new Error("The server does not come to an answer"));
    });
    // Stays: a server that answers early may also cut the connection while the body is on its way.
    outgoing.on("error", reject);
  });
  // Whoever sends the body hears of it first.
  answer.catch(() => undefined);
  const sent = await sendBody(outgoing, { request, answer, watch: new StallWatch(stallTime) });
  if (request.body === null) return await answer;
  return await withTimeLimit(stallTime + sent / BYTES_A_MILLISECOND, () => answer);
}

/**
 * Sends the body until it ends, or the server answers, or takes nothing for too long; gives the
 * bytes that were sent.
 */
async function sendBody(
  outgoing: http.ClientRequest,
  { request, answer, watch }: { request: Request; answer: Promise<unknown>; watch: StallWatch },
): Promise<number> {
  const answered = answer.then(() => true, () => true);
  let bytes = 0;
  if (request.body) {
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      // When it is written nobody has it any more but us.
      if (outgoing.write(chunk, (error) => error ?? giveBack(chunk))) continue;
      const drained = once(outgoing, "drain").then(() => false, () => true);
      if (await watch.during(() => Promise.race([drained, answered]))) return bytes;
    }
  }
  outgoing.end();
  return bytes;
}

function toResponse(incoming: http.IncomingMessage, method: string): Response {
  const status = incoming.statusCode ?? 0;
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index]!, incoming.rawHeaders[index + 1]!);
  }
  // A connection may break at any time, also when nobody reads yet or any more.
  incoming.on("error", () => {});
  // What is not read to its end takes its connection with it, also where there is nothing to read.
  const isEmpty = method === "HEAD" || BODYLESS.has(status) ||
    headers.get("Content-Length") === "0";
  if (isEmpty) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(incoming), { status, headers });
}

/**
 * The body of an answer as a stream, read when it is wanted. `Readable.toWeb` would push what comes
 * into a stream that was cancelled, which ends the program.
 */
function bodyOf(incoming: http.IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel() {
      incoming.destroy();
    },
  }, { highWaterMark: 0 });
}
