/**
 * Where a registry is: its base URL.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { isLoopbackHost } from "../core/hosts.ts";
import { quote } from "../core/text.ts";
import type { OperationOptions } from "../core/operation.ts";
import { withTimeLimit } from "../core/time_limit.ts";
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
}

/**
 * The base URL of a registry: HTTPS, unless the user said otherwise. On this machine, and where the
 * user accepts insecure connections, one request without credentials finds out whether the server
 * speaks TLS, and HTTP is used when it does not.
 * @throws {TransferError} when that request does not reach the server.
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
  const url = URL.canParse(`${scheme}://${host}/`) ? new URL(`${scheme}://${host}/`) : undefined;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (url !== undefined && (name.startsWith("[") || url.hostname === name)) return url;
  const found = url === undefined ? "it is not a host" : `it is the address ${url.hostname}`;
  throw new InvalidInputError(`Cannot use registry ${quote(host)}: ${found}`, {
    registry: host,
    remedy: url && `write ${url.host} if that is meant`,
  });
}

/** Milliseconds in which a server has to say anything at all to the first request. */
const PROBE_TIME = 30_000;

async function speaksTls(base: URL, options: FindEndpointOptions): Promise<boolean> {
  const { probe, signal } = options;
  const url = new URL("/v2/", base);
  const ask = async (stop: AbortSignal) => {
    const told = isLoopbackHost(url.hostname) ? await options.speaksTls?.(url, stop) : undefined;
    if (told !== undefined) return told;
    await discard(await probe(new Request(url, { signal: stop })));
    return true;
  };
  return await probed(ask, signal, (error) => {
    const { kind } = explainFault(error);
    if (kind === "unreachable") throw faultError(error, url.href);
    if (kind === "not-tls") return false;
    // Elsewhere a lost connection must not be taken for one that may go on in clear text, with the
    // password. A certificate that is not trusted is shown by the request to come.
    if (kind !== "lost" || !isLoopbackHost(url.hostname)) return true;
    return speaksHttp(url, options).then((clear) => !clear);
  });
}

/** Asks once, and not for ever; what the network did wrong in it is an answer of its own. */
async function probed(
  ask: (stop: AbortSignal) => Promise<boolean>,
  signal: AbortSignal | undefined,
  onFault: (error: unknown) => boolean | Promise<boolean>,
): Promise<boolean> {
  try {
    return await withTimeLimit(PROBE_TIME, ask, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isFault(error, signal)) throw error;
    return await onFault(error);
  }
}

/**
 * Whether a server of this machine speaks HTTP: some just hang up on TLS, and on a busy machine one
 * that speaks TLS may do so too. Without TLS it says so, or hangs up again.
 */
async function speaksHttp(
  secure: URL,
  { probe, signal }: Pick<FindEndpointOptions, "probe" | "signal">,
): Promise<boolean> {
  const url = new URL(secure);
  url.protocol = "http:";
  url.port = secure.port || "443";
  const ask = async (stop: AbortSignal) => {
    const response = await probe(new Request(url, { signal: stop }));
    if (response.status === 400) return !WANTS_TLS.test(await textOf(response, url));
    await discard(response);
    return true;
  };
  return await probed(ask, signal, () => false);
}

/** What servers of TLS say to those who come without: Go's, nginx, Apache. */
const WANTS_TLS = /https|ssl|tls/i;

/** The most of an answer that says why a request is refused, in bytes. */
const REFUSAL_LIMIT = 64 * 1024;

async function textOf(response: Response, { href: url }: URL): Promise<string> {
  return new TextDecoder().decode(await readBody(response, { url }, REFUSAL_LIMIT));
}
