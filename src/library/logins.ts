/**
 * The logins of registries, which are kept in a file.
 * @module
 */
import { NotFoundError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { lstatIfExists } from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import { explainRead } from "../core/file_errors.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import { fixedCredentials, type PasswordCredentials } from "../registry/auth/credentials.ts";
import {
  findAuth,
  readDockerConfig,
  removeCredentials,
  saveCredentials,
} from "../registry/auth/docker_config.ts";
import { credentialSource, openRegistries } from "./registries.ts";
import type {
  CredentialFiles,
  CredentialSettings,
  NetworkSettings,
  OpenOptions,
} from "./settings.ts";

/** What logins are opened with: they have to be kept somewhere. */
export interface LoginSettings extends NetworkSettings, CredentialSettings {
  /** Files with logins. */
  readonly credentialFiles: CredentialFiles;
}

/** Who logs in, and how the registry is reached. */
export interface LoginOptions extends OperationOptions, ConnectOptions, PasswordCredentials {}

/** Where a login was kept. */
export interface LoginResult {
  /** The registry, as it was given. */
  readonly registry: string;
  /** The user. */
  readonly username: string;
  /** The file that keeps it. */
  readonly storedIn: string;
}

/** The logins of registries. */
export interface Logins {
  /**
   * Tries a login at the registry and keeps it when it is accepted.
   * @throws {AccessDeniedError} when the registry refuses it.
   */
  login(registry: string, options: LoginOptions): Promise<LoginResult>;
  /** Forgets the login of a registry; `false` when there was none. */
  logout(registry: string, options?: OperationOptions): Promise<boolean>;
  /** The user and password that settings and files have for a registry. */
  find(registry: string, options?: OperationOptions): Promise<PasswordCredentials | undefined>;
  /**
   * The user and password that one Docker configuration file has for a registry.
   * @throws {NotFoundError} when the file or the entry is missing.
   */
  findIn(path: string, registry: string, options?: OperationOptions): Promise<PasswordCredentials>;
}

/**
 * Opens the logins. Nothing is read before it is asked for.
 *
 * @example Log in to a registry, which answers in this program
 * ```ts
 * import assert from "node:assert/strict";
 * import { openLogins } from "@modelops/modelops";
 * import { memoryCatalog } from "@modelops/modelops/oci";
 * import { createRegistryHandler } from "@modelops/modelops/server";
 *
 * const file = `${await Deno.makeTempDir()}/config.json`;
 * const logins = await openLogins({
 *   credentialFiles: { own: file, others: [] },
 *   transport: createRegistryHandler(memoryCatalog(), {
 *     authenticate: async (_user, password) => password === "secret",
 *   }),
 * });
 * await logins.login("registry.example.com", { username: "me", password: "secret" });
 * assert.equal((await logins.find("registry.example.com"))?.username, "me");
 * ```
 */
export async function openLogins(
  settings: LoginSettings,
  { log }: OpenOptions = {},
): Promise<Logins> {
  const { own } = settings.credentialFiles;
  return {
    async login(registry, { username, password, ...options }) {
      const credentials = fixedCredentials({ username, password }, registry);
      await using registries = await openRegistries(settings, { log, credentials });
      await registries.ping(registry, options);
      await saveCredentials(own, registry, { username, password });
      return { registry, username, storedIn: own };
    },
    logout: (registry) => removeCredentials(own, registry),
    async find(registry) {
      const found = await credentialSource(settings, { log }).find(registry);
      return found && "username" in found ? found : undefined;
    },
    findIn: readLogin,
  };
}

async function readLogin(path: string, registry: string): Promise<PasswordCredentials> {
  if (!await lstatIfExists(path)) throw explainRead(path, new Deno.errors.NotFound());
  const found = findAuth(await readDockerConfig(path), registry);
  if (found && "username" in found) return found;
  throw new NotFoundError(
    `Cannot log in to ${quote(registry)}: ${quote(path)} has no user and password for it`,
    { registry, path },
  );
}
