/**
 * Credentials for requests to one registry: none until it asks, then whatever it asks for.
 * @module
 */
import { askedUrl } from "../../http/asked_url.ts";
import { discard } from "../../http/bodies.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { AccessDeniedError } from "../../core/errors.ts";
import {
  basicAuthorization,
  type Credentials,
  credentialsOf,
  type CredentialSource,
} from "./credentials.ts";
import { Logins } from "./logins.ts";
import { repeatable } from "../../http/repeatable.ts";
import { mergeScopes, repositoryOf, scopesOf } from "./scopes.ts";
import type { TokenServerOptions } from "./token.ts";
import type { Token } from "./token_answer.ts";
import type { Transport } from "../../http/transport_options.ts";

/** How to authenticate at a registry. */
export interface AuthOptions extends TokenServerOptions {
  /** Where credentials come from. */
  readonly credentials: CredentialSource;
}

/**
 * A transport that answers the registry's challenges and remembers what it learned: the scheme, a
 * token for each set of scopes, and which of several logins were refused. A token that is refused
 * is renewed once; a password is not tried twice. Requests to other origins get none.
 */
export function authenticated(next: Transport, options: AuthOptions): Transport {
  const authenticator = new Authenticator(options);
  return async (request, hints) => {
    if (askedUrl(request).origin !== options.origin.origin) return await next(request, hints);
    const again = await repeatable(request);
    let shown = await authenticator.authorization(request);
    let response = await next(authorize(again.next(), shown), hints);
    for (let isFirst = true; response.status === 401; isFirst = false) {
      if (!isFirst && !await authenticator.goOn(request, shown)) break;
      const challenges = parseChallenges(response.headers.get("WWW-Authenticate"));
      const renewed = await authenticator.renew(request, challenges, shown);
      // What cannot be sent again has at least found out what the next request needs.
      if (renewed === undefined || again.once) break;
      await discard(response);
      response = await next(authorize(again.next(), renewed), hints);
      shown = renewed;
    }
    return response;
  };
}

/** What a registry is shown, and whose it is. */
interface Shown {
  /** The `Authorization`. */
  readonly value?: string;
  readonly login?: Credentials;
}

function authorize(request: Request, { value }: Shown): Request {
  if (value !== undefined) request.headers.set("Authorization", value);
  return request;
}

class Authenticator {
  readonly #options: AuthOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  readonly #logins = new Map<string | undefined, Logins>();
  #challenge: Challenge | undefined;

  constructor(options: AuthOptions) {
    this.#options = options;
  }

  /** The Authorization of a request, as far as the registry has said what it wants. */
  async authorization(request: Request): Promise<Shown> {
    return this.#challenge ? await this.#show(request, this.#challenge) : {};
  }

  /** Another Authorization after `refused` was not good enough; `undefined` when there is none. */
  async renew(
    request: Request,
    challenges: readonly Challenge[],
    refused: Shown,
  ): Promise<Shown | undefined> {
    const offer = (wanted: string) => challenges.find(({ scheme }) => scheme === wanted);
    const challenge = offer("bearer") ?? offer("basic");
    if (!challenge) return undefined;
    this.#challenge = challenge;
    const asked = challenge.parameters.get("scope");
    for (;;) {
      const shown = await this.#show(request, challenge, { refused: refused.value, asked });
      if (shown.value !== refused.value) return shown;
      if (!await this.goOn(request, shown)) return undefined;
    }
  }

  /** Goes on to another login after the one that was shown; `false` when there is none. */
  async goOn(request: Request, { login }: Shown): Promise<boolean> {
    return await this.#loginsFor(request).goOn(login);
  }

  /**
   * What the login at hand has for a challenge; another login where its token server refuses it.
   */
  async #show(
    request: Request,
    challenge: Challenge,
    wanted: TokenWanted = {},
  ): Promise<Shown> {
    for (;;) {
      const login = await this.#loginsFor(request).current;
      try {
        if (challenge.scheme === "basic") return { login, value: basic(login) };
        const value = await this.#bearer(request, { challenge, login, ...wanted });
        return { login, value };
      } catch (error) {
        const denied = error instanceof AccessDeniedError && error.facts.status !== undefined;
        if (!denied || !await this.goOn(request, { login })) throw error;
      }
    }
  }

  async #bearer(
    request: Request,
    { challenge: { parameters }, login: credentials, refused, asked = "" }:
      & { readonly challenge: Challenge; readonly login: Credentials | undefined }
      & TokenWanted,
  ): Promise<string | undefined> {
    if (credentials && "registryToken" in credentials) return bearer(credentials.registryToken);
    const realm = parameters.get("realm");
    if (realm === undefined) return undefined;
    const needed = scopesOf(request);
    const key = needed.join(" ");
    // Nothing is awaited between the last look and the entry of the new token: one request gets it
    // for all.
    for (let known = this.#tokens.get(key); known; known = this.#tokens.get(key)) {
      const value = await this.#usable(known, request.signal);
      if (value !== undefined && bearer(value) !== refused) return bearer(value);
      if (this.#tokens.get(key) === known) this.#tokens.delete(key);
    }
    const scopes = mergeScopes([...asked.split(" ").filter(Boolean), ...needed]);
    const { signal } = request;
    const wanted = { realm, service: parameters.get("service"), scopes, credentials, signal };
    const token = import("./token.ts")
      .then(({ fetchToken }) => fetchToken(wanted, this.#options));
    this.#tokens.set(key, token);
    return bearer((await token).value);
  }

  /** The value of a token that this client has, or is just getting for another request. */
  async #usable(known: Promise<Token>, signal: AbortSignal): Promise<string | undefined> {
    try {
      const token = await known;
      return token.usableUntil > this.#options.now() ? token.value : undefined;
    } catch {
      // The request that asked for it reports why it failed; this one asks for itself.
      signal.throwIfAborted();
      return undefined;
    }
  }

  #loginsFor(request: Request): Logins {
    const repository = repositoryOf(askedUrl(request));
    const known = this.#logins.get(repository);
    if (known) return known;
    const { credentials, registry } = this.#options;
    const made = new Logins(credentialsOf(credentials, registry, repository));
    this.#logins.set(repository, made);
    return made;
  }
}

/** What a token is to be good for. */
interface TokenWanted {
  /** The Authorization that was not good enough. */
  readonly refused?: string;
  /** The scopes that the registry asks for. */
  readonly asked?: string;
}

function basic(login: Credentials | undefined): string | undefined {
  return login && "username" in login ? basicAuthorization(login) : undefined;
}

function bearer(token: string): string {
  return `Bearer ${token}`;
}
