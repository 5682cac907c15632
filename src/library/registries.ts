/**
 * The registries that settings describe: with which certificates, through which proxies, and as
 * whom.
 * @module
 */
import { explainRead } from "../core/file_errors.ts";
import { readText } from "../core/files.ts";
import type { TransportOptions } from "../http/transport_options.ts";
import { RegistryClient } from "../registry/client.ts";
import { configFileCredentials } from "../registry/auth/credential_helpers.ts";
import {
  type CredentialSource,
  firstCredentials,
  fixedCredentials,
} from "../registry/auth/credentials.ts";
import type { CredentialSettings, NetworkSettings, OpenOptions } from "./settings.ts";

/**
 * Makes the connector to registries.
 * @throws {NotFoundError | InvalidInputError} when a certificate or key cannot be read.
 */
export async function openRegistries(
  settings: NetworkSettings & CredentialSettings,
  options: OpenOptions & { readonly credentials?: CredentialSource } = {},
): Promise<RegistryClient> {
  const [cert, key] = await Promise.all([settings.certFile, settings.keyFile].map(readPem));
  return new RegistryClient({
    ...await transportOptions(settings),
    cert,
    key,
    credentials: options.credentials ?? credentialSource(settings, options),
    allowPrivateRedirects: settings.allowPrivateRedirects,
    transport: settings.transport,
    retry: settings.retry,
    log: options.log,
  });
}

/**
 * How everybody is reached, registry or not: the certificate of this client is for registries
 * alone.
 * @throws {NotFoundError | InvalidInputError} when a certificate cannot be read.
 */
export async function transportOptions(settings: NetworkSettings): Promise<TransportOptions> {
  const { authorities, caFile, proxy, userAgent } = settings;
  const ca = await readPem(caFile);
  return { caCerts: ca === undefined ? undefined : [ca], authorities, proxy, userAgent };
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readText(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}

/** The login for every registry, then our own file, then the files of other tools. */
export function credentialSource(
  { username, password, credentialFiles }: CredentialSettings,
  { log }: OpenOptions = {},
): CredentialSource {
  const paths = credentialFiles ? [credentialFiles.own, ...credentialFiles.others] : [];
  const files = paths.map((path) => configFileCredentials(path, { log }));
  const fixed = username && password ? [fixedCredentials({ username, password })] : [];
  return firstCredentials(...fixed, ...files);
}
