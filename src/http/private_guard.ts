/**
 * A server on the internet must not be able to send this program to services that only this machine
 * can reach. One that is inside itself may: an on-premise registry keeps its files where it likes.
 * @module
 */
import type { LookupFunction } from "node:net";
import { nodeDns, nodeNet } from "../core/runtime/builtins.ts";
import { TransferError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { isInternalHost } from "./addresses.ts";
import type { Transport } from "./transport_options.ts";

/** What decides whether a server may name private addresses. */
export interface PrivateAccess {
  /** Whether a server is inside; judged by its URL alone when absent. */
  readonly isInside?: (url: URL) => Promise<boolean>;
  /** Whether the user lets servers name them. */
  readonly allowPrivateRedirects?: boolean;
}

/**
 * A transport for the URLs that the server at `origin` names: redirects, places of uploads, token
 * servers, files. They lead to a private address only when that server is inside, or is the same
 * host, or the user allows it.
 * @throws {TransferError} for a URL that leads inside from outside.
 */
export function guarded(next: Transport, origin: URL, access: PrivateAccess): Transport {
  let asked: Promise<boolean> | undefined;
  const { isInside = (url: URL) => Promise.resolve(isInternalHost(url.hostname)) } = access;
  const isFree = async ({ hostname }: URL) =>
    access.allowPrivateRedirects || hostname === origin.hostname ||
    await (asked ??= isInside(origin));
  return async (request, hints) => {
    const url = new URL(request.url);
    if (await isFree(url)) return await next(request, hints);
    if (isInternalHost(url.hostname)) throw leadsInside(origin.host, url.host);
    return await next(request, { ...hints, namedBy: origin.host });
  };
}

/**
 * The addresses of a host that the server at `namedBy` named, none of them of a private network:
 * what is checked here is what is to be connected to.
 * @throws {TransferError} when one of them is inside.
 */
export async function publicAddresses(hostname: string, namedBy: string): Promise<string[]> {
  const found = await nodeDns().promises.lookup(hostname, { all: true });
  const inside = found.find(({ address }) => isInternalHost(address));
  if (inside) throw leadsInside(namedBy, `${hostname} (${inside.address})`);
  return found.map(({ address }) => address);
}

/** {@linkcode publicAddresses} for connections that look names up by themselves. */
export function publicLookup(namedBy: string): LookupFunction {
  return (hostname, { all }, callback) => {
    publicAddresses(hostname, namedBy).then((addresses) => {
      const found = addresses.map((address) => ({ address, family: nodeNet().isIP(address) }));
      const [first] = found;
      if (all || !first) callback(null, found);
      else callback(null, first.address, first.family);
    }, (error) => callback(error, "", 0));
  };
}

function leadsInside(from: string, to: string): TransferError {
  return new TransferError(
    `Cannot follow ${quote(from)}: it points to ${to}, an address of a private network`,
    {
      registry: from,
      remedy: "add --allow-private-redirects if that is where it keeps its files or logins",
    },
  );
}
