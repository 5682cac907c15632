/**
 * The registries that settings describe: with which certificates, through which proxies, and as
 * whom.
 * @module
 */
import { explainRead } from "../core/file_errors.ts";
import { readText } from "../core/files.ts";
import { rateLimit } from "../core/rate_limit.ts";
import { quote } from "../core/text.ts";
import { certificatesIn } from "../http/authorities.ts";
import type { TransportOptions } from "../http/transport_options.ts";
import { RegistryClient } from "../registry/client.ts";
import {
  ANONYMOUS,
  type CredentialSource,
  firstCredentials,
  fixedCredentials,
} from "../registry/auth/credentials.ts";
import { loginFiles } from "../registry/auth/login_files.ts";
import type {
  CredentialFiles,
  CredentialSettings,
  NetworkSettings,
  OpenOptions,
} from "./settings.ts";

/**
 * Makes the connector to registries.
 * @throws {NotFoundError | InvalidInputError} when a certificate or key cannot be read.
 */
export async function openRegistries(
  settings: NetworkSettings & CredentialSettings,
  options: OpenOptions & {
    /** As whom registries are asked; as the settings say when absent. */
    readonly credentials?: CredentialSource;
    /** The way to the network, where others share it. */
    readonly network?: TransportOptions;
  } = {},
): Promise<RegistryClient> {
  const [cert, key] = await Promise.all([settings.certFile, settings.keyFile].map(readPem));
  return new RegistryClient({
    ...options.network ?? await transportOptions(settings),
    cert,
    key,
    credentials: options.credentials ?? credentialSource(settings, options),
    allowPrivateRedirects: settings.allowPrivateRedirects,
    transport: settings.transport,
    dragonfly: settings.dragonfly,
    retry: settings.retry,
    cacheFolder: settings.cacheFolder,
    log: options.log,
  });
}

/**
 * How everybody is reached, registry or not: the certificate of this client is for registries
 * alone. Who shares what this gives shares the limit of the rate.
 * @throws {NotFoundError | InvalidInputError} when a certificate cannot be read.
 */
export async function transportOptions(settings: NetworkSettings): Promise<TransportOptions> {
  const { authorities, caFile, proxy, userAgent } = settings;
  const ca = await readPem(caFile);
  const maxRate = settings.maxRate === undefined ? undefined : rateLimit(settings.maxRate);
  const what = `certificate authorities of ${quote(caFile ?? "")}`;
  const caCerts = ca === undefined ? undefined : certificatesIn(ca, what);
  return { caCerts, authorities, proxy, userAgent, maxRate };
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readText(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}

/** The login that the settings have, then those of the files. */
export function credentialSource(
  { username, password, loginRegistry, credentialFiles }: CredentialSettings,
  { log }: OpenOptions = {},
): CredentialSource {
  const files = credentialFiles ? loginFiles(filesOf(credentialFiles), { log }) : ANONYMOUS;
  if (!username || !password) return files;
  return firstCredentials(fixedCredentials({ username, password }, loginRegistry), files);
}

/** All files that may hold a login. */
export function filesOf({ own, docker, others }: CredentialFiles): readonly string[] {
  return [...new Set([own, ...docker === undefined ? [] : [docker], ...others])];
}
