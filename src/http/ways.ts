/**
 * Which way a request takes to the network: decided here, and nowhere else.
 *
 * `fetch` is for small answers, of which many share a connection. Sockets of our own are for
 * bodies: `fetch` sends streams in chunks, where registries and object stores want a
 * Content-Length, and takes more of the processor. They also look at the address that they connect
 * to, and they lead through proxies: `fetch` looks up the name of the server even then, and where
 * nobody answers that, each of its requests waits. The same over `node:tls` is for what is rare: it
 * alone can skip the check of certificates, show one of the client together with a body, and speak
 * TLS through a proxy that speaks TLS.
 * @module
 */
import { askedUrl } from "./asked_url.ts";
import { wordsOf } from "./faults.ts";
import { isBounded } from "./private_guard.ts";
import { proxyFor } from "./proxies.ts";
import type { AnswerHints, TransportOptions } from "./transport_options.ts";

/** A way to the network. */
export type Way = "fetch" | "socket" | "node";

/** Bytes of an answer from which on a connection of its own costs less than it saves. */
const MANY_BYTES = 1024 * 1024;

/** On Node, whose `fetch` cannot be told of certificates and proxies, one way takes all. */
export const hasSockets: boolean = Deno.createHttpClient !== undefined;

/** The way of a request. */
export function wayOf(request: Request, options: TransportOptions, hints: AnswerHints = {}): Way {
  if (!hasSockets) return "node";
  const url = askedUrl(request);
  const proxy = proxyFor(url, options.proxy);
  const isDirect = proxy === undefined;
  const mayFetch = request.body === null && !options.insecure && !isExempt(options, isDirect) &&
    !(isDirect && isBounded(hints));
  const isLarge = (hints.bytesToFile ?? 0) >= MANY_BYTES;
  const places = isDirect ? [url] : [url, new URL(proxy)];
  const mayStay = mayFetch && isDirect && !isLarge;
  if (!mayStay && socketLeadsTo(places, options)) return "socket";
  return mayFetch ? "fetch" : "node";
}

/** Whether a socket of ours will do: it speaks TLS once, checks certificates and shows none. */
function socketLeadsTo(
  places: readonly Readonly<URL>[],
  { insecure, cert }: TransportOptions,
): boolean {
  const layers = places.filter(({ protocol }) => protocol === "https:").length;
  return layers === 0 || layers === 1 && !insecure && cert === undefined;
}

/**
 * Whether a request goes directly although there are proxies. `fetch` reads the environment by
 * itself, and by rules of its own: it might take the proxy.
 */
function isExempt({ proxy }: TransportOptions, isDirect: boolean): boolean {
  return isDirect && typeof proxy === "object" && Boolean(proxy.http || proxy.https);
}

/**
 * What is done for nobody but by `node:tls`: ports that browsers block, and a certificate of an
 * authority that a server shows as its own.
 */
const LEFT_TO_NODE = /Requests to port \d+ are blocked|CaUsedAsEndEntity/;

/** What a server says that speaks HTTP/2 alone. */
const WITHOUT_HTTP1 = /NoApplicationProtocol/;

/** The way to take when another one led nowhere, before anything was sent; none if that is that. */
export function wayAround(error: unknown, { way, request, hints = {} }: {
  readonly way: Way;
  readonly request: Request;
  readonly hints?: AnswerHints;
}): Way | undefined {
  const words = wordsOf(error);
  if (way !== "node" && LEFT_TO_NODE.test(words)) return "node";
  // `fetch` looks names up by itself, and may find another address than was checked.
  const mayFetch = request.body === null && !isBounded(hints);
  return way === "socket" && mayFetch && WITHOUT_HTTP1.test(words) ? "fetch" : undefined;
}
