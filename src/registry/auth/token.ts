/**
 * Bearer tokens from a registry's token server.
 * See https://distribution.github.io/distribution/spec/auth/token/ and …/spec/auth/oauth/
 * @module
 */
import { AccessDeniedError, TransferError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { isLoopbackHost } from "../../core/hosts.ts";
import { readBody } from "../../http/bodies.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import { responseError } from "../errors.ts";
import { parseToken, type Token } from "./token_answer.ts";
import type { Transport } from "../../http/transport_options.ts";

/** The most of a token server's answer that is read. */
const ANSWER_LIMIT = 1024 * 1024;

/** What a token is asked for. */
export interface TokenRequest {
  /** The realm of the challenge: the URL of the token server. */
  readonly realm: string;
  /** The service of the challenge. */
  readonly service?: string;
  /** What the token is to permit. */
  readonly scopes: readonly string[];
  /** Whose token it is; anonymous when absent. */
  readonly credentials?: Credentials;
  /** Stops the request. */
  readonly signal?: AbortSignal;
}

/** Whom tokens are asked for, and how. */
export interface TokenServerOptions {
  /** Host of the registry as people write it. */
  readonly registry: string;
  /** Base URL of the registry. */
  readonly origin: URL;
  /** Whether the user accepted connections without TLS. */
  readonly allowHttp: boolean;
  /** The way to token servers. */
  readonly send: Transport;
  /** Longest silence while an answer is read, as in a retry policy. */
  readonly stallTime?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Gets a token: with a POST for identity tokens, with a GET otherwise.
 * @throws {AccessDeniedError} when the server refuses the credentials, or must not get them.
 * @throws {TransferError} when it cannot be reached or its answer cannot be used.
 */
export async function fetchToken(
  request: TokenRequest,
  options: TokenServerOptions,
): Promise<Token> {
  const realm = checkRealm(request.realm, options);
  const { credentials, signal } = request;
  const { registry, stallTime } = options;
  const identity = credentials && "identityToken" in credentials;
  const outgoing = identity
    ? postRequest(realm, request, credentials.identityToken)
    : getRequest(realm, request);
  const response = await options.send(outgoing, { bodyLimit: ANSWER_LIMIT });
  const action = `get a token for ${quote(registry)}`;
  if (response.status !== 200) {
    const server = realm.host;
    throw await responseError(response, { action, registry, server, stallTime, signal });
  }
  const body = await readBody(response, { url: outgoing.url, signal, stallTime }, ANSWER_LIMIT);
  const token = parseToken(body, options.now());
  if (token) return token;
  throw new TransferError(`Cannot ${action}: the answer of ${realm.host} holds none`, { registry });
}

function getRequest(realm: URL, { service, scopes, credentials, signal }: TokenRequest): Request {
  const url = new URL(realm);
  if (service) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers = new Headers({ Accept: "application/json" });
  if (credentials && "username" in credentials) {
    url.searchParams.set("account", credentials.username);
    headers.set("Authorization", basicAuthorization(credentials));
  }
  return new Request(url, { headers, signal });
}

function postRequest(realm: URL, request: TokenRequest, identityToken: string): Request {
  const body = new TextEncoder().encode(
    new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: identityToken,
      client_id: "modelops",
      ...(request.service ? { service: request.service } : {}),
      ...(request.scopes.length > 0 ? { scope: request.scopes.join(" ") } : {}),
    }).toString(),
  );
  const headers = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": String(body.byteLength),
  };
  const { signal } = request;
  return new Request(realm, { method: "POST", headers, body, signal });
}

/** Whether two hosts are one: each by its name, or both this machine. */
function isSameMachine(a: string, b: string): boolean {
  return a === b || isLoopbackHost(a) && isLoopbackHost(b);
}

/**
 * The URL of the token server, checked: a registry must not make this program send credentials
 * without TLS. That it points to nothing private is the business of the way to token servers.
 */
function checkRealm(text: string, { registry, origin, allowHttp }: TokenServerOptions): URL {
  const realm = URL.parse(text);
  const refuse = (reason: string): never => {
    const message = `Cannot log in to ${quote(registry)}: its token server ${reason}`;
    throw new AccessDeniedError(message, { registry });
  };
  if (!realm) return refuse("has no valid URL");
  if (realm.username !== "" || realm.password !== "") return refuse("has a user name in its URL");
  if (realm.protocol !== "https:" && realm.protocol !== "http:") {
    return refuse(`has a URL of scheme ${quote(realm.protocol)}`);
  }
  const mayUseHttp = origin.protocol === "http:" &&
    (allowHttp || isSameMachine(realm.hostname, origin.hostname));
  if (realm.protocol === "http:" && !mayUseHttp) {
    return refuse(`at ${realm.host} does not use TLS`);
  }
  realm.hash = "";
  return realm;
}
