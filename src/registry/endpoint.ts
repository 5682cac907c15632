/**
 * Where a registry is: its base URL.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { isLoopbackHost } from "../core/hosts.ts";
import { quote } from "../core/text.ts";
import type { OperationOptions } from "../core/operation.ts";
import { completePolicy, retried, type RetryPolicy, TransientError } from "../core/retry.ts";
import { withTimeLimit } from "../core/waiting/time_limit.ts";
import { discard, readBody } from "../http/bodies.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import { canonicalHost } from "./auth/credentials.ts";
import { explainFault, faultError, isFault } from "../http/faults.ts";
import type { SpeaksTls } from "../http/transport.ts";
import type { Transport } from "../http/transport_options.ts";

/** How to find a registry's base URL. */
interface FindEndpointOptions extends ConnectOptions, OperationOptions {
  /** The way to the registry, without credentials. */
  readonly probe: Transport;
  /** Whether a server of this machine speaks TLS; a request tells where this does not. */
  readonly speaksTls?: SpeaksTls;
  /** How it is asked again when its answer was lost. */
  readonly retry?: RetryPolicy;
}

/**
 * The base URL of a registry: HTTPS, unless the user said otherwise. On this machine, and where the
 * user accepts insecure connections, a request without credentials finds out whether the server
 * speaks TLS, and HTTP is used when it says that it does not.
 * @throws {TransferError} when no such request reaches the server.
 */
export async function findEndpoint(registry: string, options: FindEndpointOptions): Promise<URL> {
  const host = canonicalHost(registry) === "docker.io" ? "registry-1.docker.io" : registry;
  if (options.plainHttp) return baseUrl("http", host);
  const secure = baseUrl("https", host);
  const mayFallBack = options.insecure || isLoopbackHost(secure.hostname);
  if (!mayFallBack || await speaksTls(secure, options)) return secure;
  options.log?.("debug", `${registry} does not speak TLS: using HTTP`);
  return baseUrl("http", host);
}

/**
 * The URL of a host, which is asked for by exactly that name: what ends in a number is an address
 * to URLs (https://url.spec.whatwg.org/#ends-in-a-number-checker), as `0x10` is 0.0.0.16.
 * @throws {InvalidInputError} when the name is that of no host, or of another.
 */
function baseUrl(scheme: "http" | "https", host: string): URL {
  const url = host.includes("/") ? undefined : URL.parse(`${scheme}://${host}/`) ?? undefined;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (url !== undefined && (name.startsWith("[") || url.hostname === name)) return url;
  const found = url === undefined ? "it is not a host" : `it is the address ${url.hostname}`;
  throw new InvalidInputError(`Cannot use registry ${quote(host)}: ${found}`, {
    registry: host,
    remedy: url ? `write ${url.host} if that is meant` : hostRemedy(host),
  });
}

/** What to write in place of a URL or a repository: the host in it. */
function hostRemedy(text: string): string | undefined {
  const [, host] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/\s]+)(?=\/|$)/i.exec(text) ?? [];
  return host === undefined || host === text ? undefined : `write ${host}`;
}

/**
 * Makes sure that a name is that of a registry: the host, and its port where it has one.
 * @throws {InvalidInputError} when it is something else, as a URL.
 */
export function checkRegistryName(name: string): void {
  baseUrl("https", name);
}

/** Milliseconds in which a server has to say anything at all to the first request, at most. */
const PROBE_TIME = 30_000;

/** What was found out of a server: `lost` when it was gone before it said anything. */
type Found = "tls" | "http" | "lost";

async function speaksTls(base: URL, options: FindEndpointOptions): Promise<boolean> {
  const { signal, retry: policy } = options;
  const url = new URL("/v2/", base);
  return await retried(async (isLast) => {
    const [found, fault] = await asked((stop) => greeted(url, options, stop), url, options);
    if (found !== "lost") return found === "tls";
    // Elsewhere a lost connection must not be taken for one that may go on in clear text, with the
    // password.
    if (!isLoopbackHost(url.hostname)) return true;
    // Some servers of HTTP just hang up on TLS, and on a busy machine one of TLS may do so too: it
    // is one of HTTP only where it says so.
    const clear = inClear(url);
    const [said] = await asked((stop) => answerInClear(clear, options, stop), clear, options);
    if (said !== "lost") return said === "tls";
    throw isLast ? faultError(fault, url.href) : new TransientError(explainFault(fault).reason);
  }, { what: base.host, policy, signal });
}

/** Asks once, and not for ever; a connection that was lost is told with what was thrown. */
async function asked(
  ask: (stop: AbortSignal) => Promise<Found>,
  url: URL,
  { signal, retry }: FindEndpointOptions,
): Promise<readonly [Found, unknown?]> {
  const limit = Math.min(PROBE_TIME, completePolicy(retry).stallTime);
  try {
    return [await withTimeLimit(limit, ask, signal)];
  } catch (error) {
    signal?.throwIfAborted();
    if (!isFault(error, signal)) throw error;
    const { kind } = explainFault(error);
    if (kind === "unreachable") throw faultError(error, url.href);
    if (kind === "lost") return ["lost", error];
    // A certificate that is not trusted is shown by the request to come.
    return [kind === "not-tls" ? "http" : "tls"];
  }
}

/** What the answer to TLS says, be it to a greeting alone or to a request. */
async function greeted(
  url: URL,
  { probe, speaksTls }: FindEndpointOptions,
  stop: AbortSignal,
): Promise<Found> {
  const told = isLoopbackHost(url.hostname) ? await speaksTls?.(url, stop) : undefined;
  if (told !== undefined) return told ? "tls" : "http";
  await discard(await probe(new Request(url, { signal: stop })));
  return "tls";
}

/** What the answer to a request without TLS says; one of TLS may refuse it in words of HTTP. */
async function answerInClear(
  url: URL,
  { probe }: FindEndpointOptions,
  stop: AbortSignal,
): Promise<Found> {
  const response = await probe(new Request(url, { signal: stop }));
  if (response.status === 400) return WANTS_TLS.test(await textOf(response, url)) ? "tls" : "http";
  await discard(response);
  return /^https:/i.test(response.headers.get("Location") ?? "") ? "tls" : "http";
}

/** The URL of the same port without TLS. */
function inClear(secure: URL): URL {
  const url = new URL(secure);
  url.protocol = "http:";
  url.port = secure.port || "443";
  return url;
}

/** What servers of TLS say to those who come without: Go's, nginx, Apache. */
const WANTS_TLS = /https|ssl|tls/i;

/** The most of an answer that says why a request is refused, in bytes. */
const REFUSAL_LIMIT = 64 * 1024;

async function textOf(response: Response, { href: url }: URL): Promise<string> {
  return new TextDecoder().decode(await readBody(response, { url }, REFUSAL_LIMIT));
}
