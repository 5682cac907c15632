/**
 * The logins of registries, which are kept in a file.
 * @module
 */
import {
  AccessDeniedError,
  InvalidInputError,
  ModelOpsError,
  NotFoundError,
  type Problem,
  TransferError,
} from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { lstatIfExists } from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import { explainRead } from "../core/file_errors.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import { fixedCredentials, type PasswordCredentials } from "../registry/auth/credentials.ts";
import { findAuth, readDockerConfig, saveCredentials } from "../registry/auth/docker_config.ts";
import { forgetLogin, keepLogin, type KeptLogin } from "../registry/auth/login_files.ts";
import { checkRegistryName } from "../registry/endpoint.ts";
import { credentialSource, filesOf, openRegistries } from "./registries.ts";
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
  /** The file that keeps it, or names the helper that does. */
  readonly storedIn: string;
  /** The program that keeps it for the file. */
  readonly helper?: string;
}

/** The logins of registries. */
export interface Logins {
  /**
   * Tries a login at the registry and keeps it when it is accepted.
   * @throws {AccessDeniedError} when the registry refuses it.
   * @throws {InvalidInputError} when the file that would keep it cannot.
   */
  login(registry: string, options: LoginOptions): Promise<LoginResult>;
  /**
   * Forgets the logins of a registry, wherever they are kept; gives the files that kept one.
   * @throws {InvalidInputError} when the name is no host, or naming the files that keep one still.
   */
  logout(registry: string, options?: OperationOptions): Promise<readonly string[]>;
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
  const { credentialFiles } = settings;
  return {
    async login(registry, { username, password, ...options }) {
      checkRegistryName(registry);
      const credentials = fixedCredentials({ username, password }, registry);
      await using registries = await openRegistries(settings, { log, credentials });
      await registries.ping(registry, options).catch((error) => {
        throw explainRefusal(error, registry);
      });
      const { path, helper } = await keep(credentialFiles, registry, { username, password });
      return { registry, username, storedIn: path, helper };
    },
    async logout(registry) {
      // A login that nobody finds stays where it is.
      checkRegistryName(registry);
      return await forgetLogins(filesOf(credentialFiles), registry);
    },
    async find(registry) {
      const found = await credentialSource(settings, { log }).find(registry);
      return found && "username" in found ? found : undefined;
    },
    findIn: readLogin,
  };
}

/**
 * Keeps a login where other tools look, if they have a file here, and in our own file. What a
 * helper keeps is not in our file as well: there is only its name.
 */
async function keep(
  { own, docker, prefersDocker }: CredentialFiles,
  registry: string,
  login: PasswordCredentials,
): Promise<KeptLogin> {
  const usesDocker = docker !== undefined && (prefersDocker || await lstatIfExists(docker));
  if (!usesDocker || docker === own) return await keepLogin(own, registry, login);
  const kept = await keepLogin(docker, registry, login);
  if (kept.helper === undefined) await keepLogin(own, registry, login);
  else await saveCredentials(own, registry, undefined);
  return kept;
}

/** What a refused login means to the person who tried it. */
function explainRefusal(error: unknown, registry: string): unknown {
  const status = error instanceof AccessDeniedError ? error.facts.status : undefined;
  if (status !== 401 && status !== 403) return error;
  return new AccessDeniedError(
    `Cannot log in to ${quote(registry)}: it does not accept the user name and the password ` +
      `(status ${status})`,
    {
      registry,
      remedy: "check them; some registries want an access token in place of the password",
      cause: error,
    },
  );
}

async function forgetLogins(files: readonly string[], registry: string): Promise<string[]> {
  const problems: Problem[] = [];
  let cause: unknown;
  const forgotten = await Promise.all(files.map(async (path) => {
    try {
      return await forgetLogin(path, registry) ? [path] : [];
    } catch (error) {
      if (!(error instanceof ModelOpsError)) throw error;
      problems.push({ message: error.message });
      cause ??= error;
      return [];
    }
  }));
  if (problems.length === 0) return forgotten.flat();
  const [first] = problems;
  const what = problems.length === 1 ? first?.message : `${problems.length} files may keep a login`;
  const [Failure, remedy] = cause instanceof TransferError
    ? [TransferError, cause.facts.remedy]
    : [InvalidInputError];
  throw new Failure(`Cannot log out of ${quote(registry)}: ${what}`, {
    registry,
    problems,
    remedy,
    cause,
  });
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
