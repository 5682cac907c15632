/**
 * Who may come in: HTTP Basic authentication (RFC 7617), and no pages of other sites.
 * @module
 */
import { Buffer } from "node:buffer";
import { isLoopbackHost } from "../core/hosts.ts";
import { RegistryFault } from "./fault.ts";
import { clientOf } from "./http1/connection.ts";

/**
 * Tells whether a password is the one of a user. `address` is where the request comes from, where
 * that is known.
 * @throws {RegistryFault} when too many passwords are being checked.
 */
export type Authenticate = (
  username: string,
  password: string,
  address?: string,
) => Promise<boolean>;

/** As what a request passes. */
export interface Admission {
  /** Whether a password would have let it do more. */
  readonly isAnonymous: boolean;
}

/** Lets a request pass or throws the fault that refuses it. */
export type Gate = (request: Request, asked?: AskedFor) => Promise<Admission>;

/** What a request asks for. */
export interface AskedFor {
  /** A page that says the same to everybody: links of other sites may lead to it. */
  readonly isPage?: boolean;
}

/** Who may come in. */
export interface GateOptions {
  /** Checks user names and passwords; everybody is let in when absent. */
  readonly authenticate?: Authenticate;
  /** What is open to clients without a password: nothing when absent, or reading. */
  readonly anonymous?: "pull";
  /** Whether requests must name this machine by a loopback name. */
  readonly loopbackOnly?: boolean;
}

/** Makes the gate; without `authenticate` it is open to all but foreign web pages. */
export function createGate({ authenticate, anonymous, loopbackOnly }: GateOptions = {}): Gate {
  return async (request, { isPage = false } = {}) => {
    if (!isPage || !isFollowedLink(request)) refuseForeignPages(request);
    if (loopbackOnly) refuseForeignNames(request);
    if (!authenticate) return { isAnonymous: false };
    const header = request.headers.get("authorization");
    if (header === null && anonymous === "pull" && isReading(request)) return { isAnonymous: true };
    const credentials = basicCredentials(header);
    if (!credentials) throw unauthorized();
    const { username, password } = credentials;
    const client = clientOf(request);
    if (!await authenticate(username, password, client?.address)) throw unauthorized();
    if (client) client.user = username;
    return { isAnonymous: false };
  };
}

/**
 * Whether a request reads content. The question whether this is a registry is none: its answer is
 * where clients learn that a password can be given.
 */
function isReading({ method, url }: Request): boolean {
  return ["GET", "HEAD"].includes(method) && !/^\/v2\/?$/.test(new URL(url).pathname);
}

/**
 * Otherwise any web page that the user visits could write to a registry on loopback. Browsers tell
 * where a request comes from by fetch metadata, and older ones by `Origin`.
 */
function refuseForeignPages({ headers, url }: Request): void {
  const site = headers.get("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") throw new RegistryFault("DENIED");
  const origin = headers.get("origin");
  if (origin !== null && !isOwnOrigin(origin, url)) throw new RegistryFault("DENIED");
}

/** Whether a person follows a link: the answer is shown to them, and not to the other site. */
function isFollowedLink({ method, headers }: Request): boolean {
  return method === "GET" && headers.get("origin") === null &&
    headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
}

/** Scheme aside, which a proxy in front may have changed. */
function isOwnOrigin(origin: string, url: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
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
