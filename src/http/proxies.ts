/**
 * Which proxy a URL goes through.
 *
 * `NO_PROXY` has no specification. This follows what curl and Go's clients agree on: names match
 * themselves and everything below them, with or without a leading dot; addresses match themselves
 * and networks in CIDR form; an entry with a port matches only that port; `*` matches everything.
 * @module
 */
import { nodeNet } from "../core/runtime/builtins.ts";
import { InvalidInputError } from "../core/errors.ts";
import { base64, decodeUrlPart, quote } from "../core/text.ts";
import { bareHost, isInNetworks, networkList } from "./addresses.ts";

/** The proxies of a process, by the scheme of the URL that is asked for. */
export interface ProxySettings {
  /** URL of the proxy for `http:` URLs. */
  readonly http?: string;
  /** URL of the proxy for `https:` URLs. */
  readonly https?: string;
  /** Hosts that are reached directly: the value of `NO_PROXY`. */
  readonly noProxy?: string;
}

/**
 * The URL of the proxy that `url` goes through; none when it is reached directly.
 * @throws {InvalidInputError} when that is no URL of a proxy.
 */
export function proxyFor(url: URL, proxy: string | ProxySettings | undefined): string | undefined {
  if (typeof proxy === "string") return parseProxy(proxy).href;
  const chosen = url.protocol === "https:" ? proxy?.https : proxy?.http;
  if (!chosen || matchesNoProxy(url, proxy?.noProxy ?? "")) return undefined;
  return parseProxy(chosen).href;
}

/**
 * The URL of a proxy: `http://host:port`, or `host:port`, which is the same.
 * @throws {InvalidInputError} when it is something else.
 */
export function parseProxy(text: string): URL {
  const [, scheme = "http"] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text.trim()) ?? [];
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  const isHttp = url !== null && /^https?:$/.test(url.protocol);
  const badLogin = isHttp && ![url.username, url.password].every(isEncodedText);
  if (isHttp && !badLogin) return url;
  // The text may hold a password, so only its scheme is repeated.
  const reason = badLogin
    ? "a % in its user name or password encodes no text, write %25 for it"
    : /^https?$/i.test(scheme)
    ? "it is no URL"
    : `proxies of scheme ${quote(`${scheme}://`)} are not supported, only http:// and https://`;
  throw new InvalidInputError(`Cannot use proxy: ${reason}`, { remedy: "write http://host:port" });
}

/** What a proxy is shown by the login in its URL, as fields of a request; none without a login. */
export function proxyFields(
  { username, password }: Readonly<URL>,
): Readonly<Record<string, string>> {
  if (username === "" && password === "") return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${base64(login)}` };
}

/** Whether all that a part of a URL encodes is text, so that every way to a proxy can decode it. */
function isEncodedText(part: string): boolean {
  return !part.includes("%") || decodeUrlPart(part) !== part;
}

/** Whether a list of hosts in the form of `NO_PROXY` covers the host and port of `url`. */
export function matchesNoProxy(url: URL, list: string): boolean {
  const host = bareHost(url.hostname);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const entries = list.toLowerCase().split(/[\s,]+/).filter(Boolean);
  return entries.some((entry) => matchesEntry(host, port, entry));
}

function matchesEntry(host: string, port: string, entry: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return inNetwork(host, entry);
  const { isIP, isIPv6 } = nodeNet();
  // The colons of a bare IPv6 address separate no port.
  const [, name = entry, wanted] = isIP(entry) ? [] : /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  // An IPv6 address has many spellings, and that of URLs is one of them.
  const suffix = isIPv6(name)
    ? bareHost(new URL(`http://[${name.replace(/%.*$/, "")}]`).hostname)
    : name.replace(/^\*?\./, "").replace(/\.$/, "");
  return suffix !== "" && (host === suffix || !isIP(host) && host.endsWith(`.${suffix}`));
}

function inNetwork(host: string, network: string): boolean {
  const [address = "", prefix = ""] = network.split("/");
  const { isIP, isIPv4 } = nodeNet();
  const longest = isIPv4(address) ? 32 : 128;
  const wellFormed = isIP(address) && /^\d{1,3}$/.test(prefix) && Number(prefix) <= longest;
  return wellFormed ? isInNetworks(host, networkList([network])) : false;
}
