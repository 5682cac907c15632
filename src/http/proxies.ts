/**
 * Which proxy a URL goes through.
 *
 * `NO_PROXY` has no specification. This follows what curl and Go's clients agree on: names match
 * themselves and everything below them, with or without a leading dot; addresses match themselves
 * and networks in CIDR form; an entry with a port matches only that port; `*` matches everything.
 * @module
 */
import { isIP, isIPv4 } from "node:net";
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

/** The URL of the proxy that `url` goes through; none when it is reached directly. */
export function proxyFor(url: URL, proxy: string | ProxySettings | undefined): string | undefined {
  if (typeof proxy === "string") return proxy;
  const chosen = url.protocol === "https:" ? proxy?.https : proxy?.http;
  return chosen && !matchesNoProxy(url, proxy?.noProxy ?? "") ? chosen : undefined;
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
  // The colons of a bare IPv6 address separate no port.
  const [, name = entry, wanted] = isIP(entry) ? [] : /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  const suffix = name.replace(/^\*?\./, "");
  return suffix !== "" && (host === suffix || !isIP(host) && host.endsWith(`.${suffix}`));
}

function inNetwork(host: string, network: string): boolean {
  const [address = "", prefix = ""] = network.split("/");
  const longest = isIPv4(address) ? 32 : 128;
  const wellFormed = isIP(address) && /^\d{1,3}$/.test(prefix) && Number(prefix) <= longest;
  return wellFormed ? isInNetworks(host, networkList([network])) : false;
}
