/**
 * Which hosts are inside: on this machine or in its private networks.
 *
 * A registry on the internet must not be able to send this program to services that only this
 * machine can reach. Only what a URL says literally is judged; names are not looked up.
 * @module
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { isLoopbackHost } from "../core/hosts.ts";

/** The special-purpose networks of RFC 6890 that are not the internet. */
const INTERNAL = networkList([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/3",
  "::/127",
  "64:ff9b:1::/48",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
]);

/** Whether the host of a URL is this machine or an address of a private or link-local network. */
export function isInternalHost(hostname: string): boolean {
  return isLoopbackHost(hostname) || isInNetworks(bareHost(hostname), INTERNAL);
}

/**
 * Whether a server at `from` may send this program to `to`: always to the internet, and to inside
 * addresses only when it is inside itself or is the very same host.
 */
export function mayPointTo(from: URL, to: URL): boolean {
  return !isInternalHost(to.hostname) || isInternalHost(from.hostname) ||
    to.hostname === from.hostname;
}

/** The host without brackets, the dot at its end, and letter case. */
export function bareHost(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** Whether a host is an address of one of the networks. */
export function isInNetworks(address: string, list: BlockList): boolean {
  if (isIPv4(address)) return list.check(address, "ipv4");
  // An IPv6 address that wraps an IPv4 one is checked against the IPv4 networks as well.
  return isIPv6(address) && list.check(address, "ipv6");
}

/** Networks in CIDR form as a list. */
export function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    list.addSubnet(address, Number(prefix), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}
