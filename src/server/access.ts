/**
 * Who may come in: HTTP Basic authentication (RFC 7617), and no pages of other sites.
 * @module
 */
import { Buffer } from "node:buffer";
import { isLoopbackHost } from "../core/hosts.ts";
import { RegistryFault } from "./fault.ts";

/** Tells whether a password is the one of a user. */
export type Authenticate = (username: string, password: string) => Promise<boolean>;

/** Lets a request pass or throws the fault that refuses it. */
export type Gate = (request: Request) => Promise<void>;

/** Password checks under way at once. They are slow by design; a flood of them must not grow. */
const PENDING_LIMIT = 64;

/** Who may come in. */
export interface GateOptions {
  /** Checks user names and passwords; everybody is let in when absent. */
  readonly authenticate?: Authenticate;
  /** Whether requests must name this machine by a loopback name. */
  readonly loopbackOnly?: boolean;
}

/** Makes the gate; without `authenticate` it is open to all but foreign web pages. */
export function createGate({ authenticate, loopbackOnly }: GateOptions = {}): Gate {
  let pending = 0;
  return async (request) => {
    refuseForeignPages(request);
    if (loopbackOnly) refuseForeignNames(request);
    if (!authenticate) return;
    const credentials = basicCredentials(request.headers.get("authorization"));
    if (!credentials) throw unauthorized();
    if (pending >= PENDING_LIMIT) {
      throw new RegistryFault("TOOMANYREQUESTS", { headers: { "retry-after": "1" } });
    }
    pending += 1;
    try {
      if (!await authenticate(credentials.username, credentials.password)) throw unauthorized();
    } finally {
      pending -= 1;
    }
  };
}

/** Otherwise any web page that the user visits could write to a registry on loopback. */
function refuseForeignPages(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") throw new RegistryFault("DENIED");
}

/** A site can point its own name at this machine; then requests of its pages are not foreign. */
function refuseForeignNames(request: Request): void {
  const { hostname } = new URL(request.url);
  if (!isLoopbackHost(hostname)) throw new RegistryFault("DENIED");
}

/** Reads an `Authorization` header; `undefined` when it is not of the Basic scheme or malformed. */
export function basicCredentials(
  header: string | null,
): { username: string; password: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header?.trim() ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function unauthorized(): RegistryFault {
  return new RegistryFault("UNAUTHORIZED", {
    headers: { "www-authenticate": 'Basic realm="modelops"' },
  });
}
