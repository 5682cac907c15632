/**
 * Who the user is to a registry.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { base64, quote } from "../../core/text.ts";

/** A user name and its password. */
export interface PasswordCredentials {
  /** The user. */
  readonly username: string;
  /** The secret. */
  readonly password: string;
}

/** What a user shows to a registry or its token server. */
export type Credentials =
  | PasswordCredentials
  /** A refresh token for the token server (OAuth2). */
  | { readonly identityToken: string }
  /** A token that the registry itself takes. */
  | { readonly registryToken: string };

/** A place where credentials are kept. */
export interface CredentialSource {
  /**
   * The credentials for a registry (`localhost:5000`, `docker.io`), or for one repository of it
   * where the source tells repositories apart.
   */
  find(registry: string, repository?: string): Promise<Credentials | undefined>;
  /**
   * All credentials for them, best first: the next are asked for when those before were refused.
   * Only those of `find` when absent.
   */
  all?(registry: string, repository?: string): AsyncIterable<Credentials>;
}

/** All credentials that a source has, best first. */
export async function* credentialsOf(
  source: CredentialSource,
  registry: string,
  repository?: string,
): AsyncGenerator<Credentials, void> {
  if (source.all) return yield* source.all(registry, repository);
  const found = await source.find(registry, repository);
  if (found) yield found;
}

/** A source without credentials. */
export const ANONYMOUS: CredentialSource = { find: () => Promise.resolve(undefined) };

/**
 * The same credentials always, or only for `registry` when one is named. Without a name whoever
 * builds the client has to make sure that it talks to one registry only.
 */
export function fixedCredentials(credentials: Credentials, registry?: string): CredentialSource {
  if ("username" in credentials) checkUsername(credentials.username);
  const fits = (asked: string) =>
    registry === undefined || canonicalHost(asked) === canonicalHost(registry);
  return { find: (asked) => Promise.resolve(fits(asked) ? credentials : undefined) };
}

/** The credentials of the first of several sources that has any. */
export function firstCredentials(...sources: readonly CredentialSource[]): CredentialSource {
  return {
    async *all(registry, repository) {
      for (const source of sources) {
        let found = false;
        for await (const credentials of credentialsOf(source, registry, repository)) {
          found = true;
          yield credentials;
        }
        if (found) return;
      }
    },
    async find(registry, repository) {
      for (const source of sources) {
        const found = await source.find(registry, repository);
        if (found) return found;
      }
      return undefined;
    },
  };
}

/**
 * The value of an `Authorization` header.
 * See https://www.rfc-editor.org/rfc/rfc7617
 * @throws {InvalidInputError} when the user name has a colon, which Basic authentication cannot
 * carry.
 */
export function basicAuthorization({ username, password }: PasswordCredentials): string {
  checkUsername(username);
  return `Basic ${encodeBasic({ username, password })}`;
}

/** User name and password in the form `base64(user:password)`. */
export function encodeBasic({ username, password }: PasswordCredentials): string {
  return base64(`${username}:${password}`);
}

/**
 * Refuses user names that no header and no configuration file can carry.
 * @throws {InvalidInputError} when the name has a colon.
 */
export function checkUsername(username: string): void {
  if (!username.includes(":")) return;
  throw new InvalidInputError(`Cannot use user name ${quote(username)}: it must not contain ":"`);
}

/**
 * Stored credentials as they can be shown to a registry, tokens without the space around them;
 * `undefined` where no header can carry them.
 */
export function presentable(stored: Credentials): Credentials | undefined {
  if ("username" in stored) return stored.username.includes(":") ? undefined : stored;
  if ("identityToken" in stored) return { identityToken: stored.identityToken.trim() };
  const registryToken = stored.registryToken.trim();
  return /^[\x21-\x7e]+$/.test(registryToken) ? { registryToken } : undefined;
}

const HUB_HOSTS = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** A registry's host in lower case, with one name for the several of Docker Hub. */
export function canonicalHost(registry: string): string {
  const host = registry.toLowerCase();
  return HUB_HOSTS.has(host) ? "docker.io" : host;
}
