/**
 * Credentials for requests to one registry: none until it asks, then whatever it asks for.
 * @module
 */
import { discard } from "../../http/bodies.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { basicAuthorization, type Credentials, type CredentialSource } from "./credentials.ts";
import { repeatable } from "../../http/repeatable.ts";
import { mergeScopes, repositoryOf, scopesOf } from "./scopes.ts";
import { fetchToken, type TokenServerOptions } from "./token.ts";
import type { Token } from "./token_answer.ts";
import type { Transport } from "../../http/transport_options.ts";

/** How to authenticate at a registry. */
export interface AuthOptions extends TokenServerOptions {
  /** Where credentials come from. */
  readonly credentials: CredentialSource;
}

/**
 * A transport that answers the registry's challenges and remembers what it learned: the scheme, and
 * a token for each set of scopes. A token that is refused is renewed once; a password is not tried
 * twice. Requests to other origins get none.
 */
export function authenticated(next: Transport, options: AuthOptions): Transport {
  const authenticator = new Authenticator(options);
  return async (request, hints) => {
    if (new URL(request.url).origin !== options.origin.origin) return await next(request, hints);
    const again = await repeatable(request);
    const known = await authenticator.authorization(request);
    const response = await next(authorize(again.next(), known), hints);
    if (response.status !== 401) return response;
    const challenges = parseChallenges(response.headers.get("WWW-Authenticate"));
    const renewed = await authenticator.renew(request, challenges, known);
    if (renewed === undefined || again.once) return response;
    await discard(response);
    return await next(authorize(again.next(), renewed), hints);
  };
}

function authorize(request: Request, authorization: string | undefined): Request {
  if (authorization !== undefined) request.headers.set("Authorization", authorization);
  return request;
}

class Authenticator {
  readonly #options: AuthOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  readonly #credentials = new Map<string | undefined, Promise<Credentials | undefined>>();
  #challenge: Challenge | undefined;

  constructor(options: AuthOptions) {
    this.#options = options;
  }

  /** The Authorization of a request, as far as the registry has said what it wants. */
  async authorization(request: Request): Promise<string | undefined> {
    if (this.#challenge?.scheme === "basic") return await this.#basic(request);
    if (this.#challenge?.scheme === "bearer") return await this.#bearer(request, this.#challenge);
    return undefined;
  }

  /** Another Authorization after `refused` was not good enough; `undefined` when there is none. */
  async renew(
    request: Request,
    challenges: readonly Challenge[],
    refused: string | undefined,
  ): Promise<string | undefined> {
    const offer = (wanted: string) => challenges.find(({ scheme }) => scheme === wanted);
    const challenge = offer("bearer") ?? offer("basic");
    if (!challenge) return undefined;
    this.#challenge = challenge;
    const asked = challenge.parameters.get("scope");
    const renewed = challenge.scheme === "basic"
      ? await this.#basic(request)
      : await this.#bearer(request, challenge, { refused, asked });
    return renewed === refused ? undefined : renewed;
  }

  async #basic(request: Request): Promise<string | undefined> {
    const credentials = await this.#find(request);
    return credentials && "username" in credentials ? basicAuthorization(credentials) : undefined;
  }

  async #bearer(
    request: Request,
    { parameters }: Challenge,
    { refused, asked = "" }: { refused?: string; asked?: string } = {},
  ): Promise<string | undefined> {
    const credentials = await this.#find(request);
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
    const token = fetchToken(wanted, this.#options);
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

  async #find(request: Request): Promise<Credentials | undefined> {
    const repository = repositoryOf(new URL(request.url));
    const known = this.#credentials.get(repository);
    if (known) return await known;
    const found = this.#options.credentials.find(this.#options.registry, repository);
    this.#credentials.set(repository, found);
    return await found;
  }
}

function bearer(token: string): string {
  return `Bearer ${token}`;
}
