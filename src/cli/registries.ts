/**
 * The registries a run talks to: with which certificates, through which proxies, and as whom.
 * @module
 */
import { NotFoundError } from "../core/errors.ts";
import { lstatIfExists } from "../core/files.ts";
import type { OperationOptions } from "../core/operation.ts";
import { explainRead } from "../core/file_errors.ts";
import { quote } from "../core/text.ts";
import type { RegistryAccess } from "../model/operations.ts";
import { RegistryConnector } from "../registry/connector.ts";
import { configFileCredentials } from "../registry/auth/credential_helpers.ts";
import {
  type CredentialSource,
  firstCredentials,
  fixedCredentials,
} from "../registry/auth/credentials.ts";
import {
  findAuth,
  readDockerConfig,
  removeCredentials,
  saveCredentials,
} from "../registry/auth/docker_config.ts";
import type { RetryPolicy } from "../core/retry.ts";
import type { TransportOptions } from "../http/transport_options.ts";
import { BUILD_INFO } from "./build_info.ts";
import type { Accounts, Login, LoginResult } from "./context.ts";
import type { Settings } from "./settings/global.ts";

/**
 * Makes the connector of a run.
 * @throws {NotFoundError | InvalidInputError} when a certificate or key cannot be read.
 */
export async function openRegistries(
  settings: Settings,
  options: OperationOptions & {
    readonly credentials?: CredentialSource;
    readonly retry?: RetryPolicy;
  } = {},
): Promise<RegistryConnector> {
  const [cert, key] = await Promise.all([settings.certFile, settings.keyFile].map(readPem));
  return new RegistryConnector({
    ...await transportOptions(settings),
    cert,
    key,
    credentials: options.credentials ?? credentialChain(settings, options),
    retry: options.retry,
    log: options.log,
  });
}

/**
 * How a run reaches the network, whoever it talks to.
 * @throws {NotFoundError | InvalidInputError} when a certificate cannot be read.
 */
export async function transportOptions(settings: Settings): Promise<TransportOptions> {
  const ca = await readPem(settings.caFile);
  return {
    caCerts: ca === undefined ? undefined : [ca],
    proxy: settings.proxy,
    userAgent: `modelops/${BUILD_INFO.version}`,
  };
}

/**
 * The text of a file with certificates or a key.
 * @throws {NotFoundError | InvalidInputError} when it cannot be read.
 */
export async function readPem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}

/** The environment's login for every registry, then our own file, then other tools' files. */
function credentialChain(settings: Settings, options: OperationOptions): CredentialSource {
  const { own, others } = settings.credentialFiles;
  const files = [own, ...others].map((path) => configFileCredentials(path, { log: options.log }));
  const { username, password } = settings;
  const fixed = username && password ? [fixedCredentials({ username, password })] : [];
  return firstCredentials(...fixed, ...files);
}

/** The logins of registries, kept in our own file. */
export class RegistryAccounts implements Accounts {
  readonly #settings: Settings;

  /** Makes the accounts of a run. */
  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** As {@linkcode Accounts.login} says. */
  async login(
    registry: string,
    login: Login,
    options: OperationOptions & RegistryAccess,
  ): Promise<LoginResult> {
    const { username, password } = login;
    await using registries = await openRegistries(this.#settings, {
      ...options,
      credentials: fixedCredentials({ username, password }, registry),
    });
    await registries.client(options).ping(registry, options);
    const storedIn = this.#settings.credentialFiles.own;
    await saveCredentials(storedIn, registry, { username, password });
    return { registry, username, storedIn };
  }

  /** As {@linkcode Accounts.logout} says. */
  async logout(registry: string): Promise<boolean> {
    return await removeCredentials(this.#settings.credentialFiles.own, registry);
  }

  /** As {@linkcode Accounts.stored} says. */
  async stored(registry: string, options: OperationOptions): Promise<Login | undefined> {
    const found = await credentialChain(this.#settings, options).find(registry);
    return found && "username" in found ? found : undefined;
  }

  /** As {@linkcode Accounts.readAuthFile} says. */
  async readAuthFile(path: string, registry: string): Promise<Login> {
    if (!await lstatIfExists(path)) throw explainRead(path, new Deno.errors.NotFound());
    const found = findAuth(await readDockerConfig(path), registry);
    if (found && "username" in found) return found;
    throw new NotFoundError(
      `Cannot log in to ${quote(registry)}: ${quote(path)} has no user and ` +
        `password for it`,
      { registry, path },
    );
  }
}
