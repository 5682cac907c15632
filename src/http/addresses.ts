/**
 * Which hosts are inside: on this machine or in its private networks.
 * @module
 */
import type { BlockList } from "node:net";
import { nodeDns, nodeNet } from "../core/runtime/builtins.ts";
import { isLoopbackHost } from "../core/hosts.ts";

/** The special-purpose networks of RFC 6890 that are not the internet. */
const INTERNAL = [
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
  "fe80::/9",
  "ff00::/8",
];

let internal: BlockList | undefined;

/**
 * Whether the host of a URL, or an address, is this machine or in a private or link-local network.
 * Names are not looked up: see {@linkcode resolvesInside}.
 */
export function isInternalHost(hostname: string): boolean {
  const host = bareHost(hostname);
  return isLoopbackHost(host) || [host, ...wrappedAddresses(host)].some(isInternalAddress);
}

function isInternalAddress(address: string): boolean {
  return isInNetworks(address, internal ??= networkList(INTERNAL));
}

/** Whether a name leads inside with every address that it has; one that has none does not. */
export async function resolvesInside(hostname: string): Promise<boolean> {
  const host = bareHost(hostname);
  if (nodeNet().isIP(host)) return isInternalHost(host);
  try {
    const found = await nodeDns().promises.lookup(host, { all: true });
    return found.length > 0 && found.every(({ address }) => isInternalHost(address));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return false; // Whoever connects to it says that it has no address.
  }
}

/**
 * The IPv4 addresses that gateways take out of an IPv6 address: of NAT64 (RFC 6052), 6to4
 * (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214), SIIT (RFC 2765 §2.1), and the two forms of RFC
 * 4291 §2.5.5.
 */
function wrappedAddresses(address: string): string[] {
  if (!nodeNet().isIPv6(address)) return [];
  const words = wordsOf(address);
  const at = (index: number, mask = 0) => ipv4Of(words[index]! ^ mask, words[index + 1]! ^ mask);
  const starts = (...wanted: number[]) => wanted.every((word, index) => words[index] === word);
  const isatap = words[5] === 0x5efe && (words[4]! & 0xfdff) === 0;
  const low = isatap || starts(0x64, 0xff9b, 0, 0, 0, 0) || starts(0, 0, 0, 0, 0, 0xffff) ||
    starts(0, 0, 0, 0, 0xffff, 0) || starts(0, 0, 0, 0, 0, 0);
  return [
    ...(low ? [at(6)] : []),
    ...(starts(0x2002) ? [at(1)] : []),
    ...(starts(0x2001, 0) ? [at(2), at(6, 0xffff)] : []),
  ];
}

/** The eight words of an IPv6 address. */
function wordsOf(address: string): number[] {
  // The parser of URLs writes an address at its end as words, and no zone is part of a URL.
  const plain = new URL(`http://[${address.replace(/%.*$/, "")}]/`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const words = (text: string) =>
    text === "" ? [] : text.split(":").map((word) => parseInt(word, 16));
  const [before, after] = [words(head), words(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<number>(zeros).fill(0), ...after];
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The host without brackets, the dot at its end, and letter case. */
export function bareHost(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** Whether a host is an address of one of the networks. */
export function isInNetworks(host: string, list: BlockList): boolean {
  const address = host.replace(/%.*$/, "");
  const { isIPv4, isIPv6 } = nodeNet();
  if (isIPv4(address)) return list.check(address, "ipv4");
  // An IPv6 address that wraps an IPv4 one is checked against the IPv4 networks as well.
  return isIPv6(address) && list.check(address, "ipv6");
}

/** Networks in CIDR form as a list. */
export function networkList(networks: readonly string[]): BlockList {
  const { BlockList, isIPv4 } = nodeNet();
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    list.addSubnet(address, Number(prefix), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}
