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
import { askedUrl } from "./asked_url.ts";
import type { AnswerHints, Transport } from "./transport_options.ts";

/** What decides whether a server may name private addresses. */
export interface PrivateAccess {
  /** Whether a server is inside; judged by its URL alone when absent. */
  readonly isInside?: (url: URL) => Promise<boolean>;
  /** Whether the user lets servers name them. */
  readonly allowPrivateRedirects?: boolean;
}

/**
 * A transport for what the server at `origin` is asked, and for the URLs that it names: redirects,
 * places of uploads, token servers, files. They lead to a private address only when that server is
 * inside, or the user allows it.
 *
 * Where its name decides that it is inside, it is looked up before anything is sent, and nothing is
 * sent to an address that is not: a name that leads to the internet first and inside afterwards
 * would otherwise let a server of the internet name what it likes.
 * @throws {TransferError} for a URL that leads inside from outside.
 */
export function guarded(next: Transport, origin: URL, access: PrivateAccess): Transport {
  if (access.allowPrivateRedirects) return next;
  let asked: Promise<boolean> | undefined;
  const { isInside = (url: URL) => Promise.resolve(isInternalHost(url.hostname)) } = access;
  return async (request, hints) => {
    const url = askedUrl(request);
    const isOwn = url.host === origin.host;
    if (await (asked ??= isInside(origin))) {
      const insideOnly = isOwn && !isInternalHost(origin.hostname);
      return await next(request, insideOnly ? { ...hints, insideOnly } : hints);
    }
    if (isOwn) return await next(request, hints);
    if (isInternalHost(url.hostname)) throw leadsInside(origin.host, url.host);
    return await next(request, { ...hints, namedBy: origin.host });
  };
}

/** Which addresses a request may be connected to. */
export type Reach = Pick<AnswerHints, "namedBy" | "insideOnly">;

/** Whether some addresses will not do. */
export function isBounded({ namedBy, insideOnly }: Reach): boolean {
  return namedBy !== undefined || insideOnly === true;
}

/**
 * The addresses of a host, all of them such that a request may reach them: what is checked here is
 * what is to be connected to.
 * @throws {TransferError} when it may not reach one of them.
 */
export async function allowedAddresses(
  hostname: string,
  { namedBy, insideOnly }: Reach,
): Promise<string[]> {
  const found = await nodeDns().promises.lookup(hostname, { all: true });
  const addresses = found.map(({ address }) => address);
  const inside = addresses.find(isInternalHost);
  if (namedBy !== undefined && inside) throw leadsInside(namedBy, `${hostname} (${inside})`);
  const outside = addresses.find((address) => !isInternalHost(address));
  if (insideOnly && outside) throw leadsOutside(hostname, outside);
  return addresses;
}

/** {@linkcode allowedAddresses} for connections that look names up by themselves. */
export function allowedLookup(reach: Reach): LookupFunction {
  return (hostname, { all }, callback) => {
    allowedAddresses(hostname, reach).then((addresses) => {
      const found = addresses.map((address) => ({ address, family: nodeNet().isIP(address) }));
      const [first] = found;
      if (all || !first) callback(null, found);
      else callback(null, first.address, first.family);
    }, (error) => callback(error, "", 0));
  };
}

function leadsOutside(host: string, address: string): TransferError {
  return new TransferError(
    `Cannot reach ${quote(host)}: its name led to a private network, and leads to ${address} now`,
    { registry: host, remedy: "add --allow-private-redirects if both are its own" },
  );
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
