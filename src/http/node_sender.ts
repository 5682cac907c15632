/**
 * Requests through `node:http(s)`: bodies with a certificate of the client, servers whose
 * certificates are not to be checked, and TLS through a proxy that speaks TLS.
 * @module
 */
import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates } from "node:tls";
import { giveBack } from "../core/buffers.ts";
import { HEAD_LIMIT } from "../core/http1/input.ts";
import { DEFAULT_RETRY } from "../core/retry.ts";
import { StallWatch, withTimeLimit } from "../core/waiting/time_limit.ts";
import { bareHost } from "./addresses.ts";
import { trustedCertificates } from "./authorities.ts";
import { type ServerTrust, TunnelAgent } from "./node_tunnel.ts";
import { allowedLookup, isBounded, type Reach } from "./private_guard.ts";
import { proxyFields, proxyFor } from "./proxies.ts";
import { portOf } from "./socket/dial.ts";
import { INTERIM_LIMIT } from "./socket/read_answer.ts";
import type { AnswerHints, TransportOptions } from "./transport_options.ts";

/** Statuses whose answers have no body, as the Fetch standard lists them. */
const BODYLESS = new Set([204, 205, 304]);

/** Sends requests through `node:http(s)` and keeps the connections until it is closed. */
export class NodeSender {
  readonly #options: TransportOptions;
  readonly #stallTime: number;
  readonly #agents = new Map<string, http.Agent>();
  #trusted: Promise<string[]> | undefined;

  /** Makes a sender; nothing is opened before the first request. */
  constructor(options: TransportOptions) {
    this.#options = options;
    this.#stallTime = options.stallTime ?? DEFAULT_RETRY.stallTime;
  }

  /** Sends a request with its body, and gives the answer without following redirects. */
  async send(request: Request, reach: AnswerHints = {}): Promise<Response> {
    request.signal.throwIfAborted();
    const url = new URL(request.url);
    const proxied = proxyFor(url, this.#options.proxy);
    const proxy = proxied === undefined ? undefined : new URL(proxied);
    // A proxy passes on what goes without TLS, and is told all of the URL.
    const relay = url.protocol === "http:" ? proxy : undefined;
    const place = relay ?? url;
    const secure = place.protocol === "https:";
    const bounded = proxy === undefined && isBounded(reach);
    const { cert, key } = this.#options;
    const check = {
      ...(secure || proxy?.protocol === "https:" ? await this.#trust() : {}),
      // It is shown to servers, not to who leads there.
      ...(secure && relay === undefined ? { cert, key } : {}),
    };
    const agent = { secure, tunnel: relay ? undefined : proxy, reach: bounded ? reach : undefined };
    const outgoing = (secure ? https : http).request({
      hostname: bareHost(place.hostname),
      port: portOf(place),
      path: relay ? `${url.origin}${url.pathname}${url.search}` : `${url.pathname}${url.search}`,
      method: request.method,
      headers: {
        ...Object.fromEntries(request.headers),
        host: url.host,
        ...(relay && proxyFields(relay)),
      },
      agent: this.#agent(agent, check),
      maxHeaderSize: HEAD_LIMIT,
      lookup: bounded ? allowedLookup(reach) : undefined,
      signal: request.signal,
      ...check,
    });
    try {
      const incoming = await exchange(outgoing, request, this.#stallTime);
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
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /** What the certificates of servers are checked by. */
  async #trust(): Promise<ServerTrust> {
    if (this.#options.insecure) return { rejectUnauthorized: false };
    const trusted = await (this.#trusted ??= trustedCertificates(this.#options));
    // Without authorities of one's own the platform has the built-in ones at hand.
    return { ca: trusted.length > 0 ? [...rootCertificates, ...trusted] : undefined };
  }

  /** Connections are shared only among requests of the same way and the same check. */
  #agent({ secure, tunnel, reach }: WayThere, { ca, rejectUnauthorized }: ServerTrust): http.Agent {
    const name = JSON.stringify([secure, tunnel, reach && reachName(reach)]);
    const known = this.#agents.get(name);
    if (known) return known;
    const agent = tunnel
      ? new TunnelAgent({
        proxy: tunnel,
        trust: { ca, rejectUnauthorized },
        stallTime: this.#stallTime,
      })
      : new (secure ? https : http).Agent({ keepAlive: true });
    this.#agents.set(name, agent);
    return agent;
  }
}

/** What requests have in common that may share a connection. */
interface WayThere {
  readonly secure: boolean;
  /** The proxy that connects to the server. */
  readonly tunnel: URL | undefined;
  readonly reach: Reach | undefined;
}

function reachName({ namedBy }: Reach): string {
  return namedBy === undefined ? "inside" : "outside";
}

/**
 * Bytes for which a server may work a millisecond on a body before it answers: some read all of it
 * again, or copy it to where it stays.
 */
const BYTES_A_MILLISECOND = 32 * 1024;

/** Sends the body and waits for the answer, which may come before the body is sent. */
async function exchange(
  outgoing: http.ClientRequest,
  request: Request,
  stallTime: number,
): Promise<http.IncomingMessage> {
  const answer = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
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
