/**
 * The provider of bundles that settings describe: registries, the local store, and external storage.
 * @module
 */
import { join } from "node:path";
import type { BundleProvider } from "../bundle/operations.ts";
import { DigestIndex } from "../bundle/resolve/digest_index.ts";
import {
  type BundleEnvironment,
  type BundleSettings,
  bundleSettingsFromEnv,
} from "../bundle/settings.ts";
import type { Transport } from "../http/transport_options.ts";
import { DiskCatalog } from "../oci/disk_catalog.ts";
import { parseReference, startsWithHost } from "../oci/reference.ts";
import { openObjectStore } from "../objects/dispatch.ts";
import { RegistryConnector } from "../registry/connector.ts";
import { firstCredentials, fixedCredentials } from "../registry/auth/credentials.ts";

/** Repository of the local store that keeps the content of bundles for other materializations. */
const CACHE_REPOSITORY = "modelops.cache/bundles";

/** What a provider is made of besides its settings. */
export interface BundleWorld {
  /** The local store. */
  readonly catalog: DiskCatalog;
  /** Opens repositories of registries. */
  readonly registries: RegistryConnector;
  /** Folder for what may be forgotten. */
  readonly cacheFolder: string;
  /** Makes what carries the requests to object stores; `fetch` when absent. */
  readonly transport?: () => Transport;
}

/** Makes the provider that settings describe. */
export function bundleProvider(settings: BundleSettings, world: BundleWorld): BundleProvider {
  const { catalog, registries } = world;
  const { container, sasToken: sas, ...azure } = settings.azure;
  return {
    settings,
    open: (name) =>
      isRemote(name, settings.registry)
        ? registries.connect(parseReference(name), switchesFor(name, settings))
        : catalog.repository(name),
    objects: () =>
      openObjectStore({
        azure: { ...azure, sas },
        fileRoot: settings.objectStore,
        timeoutSeconds: settings.externalTimeoutSeconds,
        retries: settings.externalRetries,
      }, { transport: world.transport?.() }),
    externalBase: `az://${container}`,
    cache: catalog.repository(CACHE_REPOSITORY),
    digestIndex: new DigestIndex(
      join(settings.cacheFolder ?? world.cacheFolder, "bundles-by-digest"),
    ),
    repositories: () => catalog.repositories(),
  };
}

/**
 * Whether a name is that of a registry's repository; the local store's own need no host. What was set as
 * the registry is one, even where its name looks like the part of a path.
 */
function isRemote(name: string, registry: string | undefined): boolean {
  return hostOf(name) === registry || startsWithHost(name);
}

function hostOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf("/")));
}

/** Switches that are off leave the choice to the connection; `http://` is said of one registry alone. */
function switchesFor(name: string, settings: BundleSettings) {
  const { insecure } = settings;
  const plainHttp = settings.plainHttp && hostOf(name) === settings.registry;
  return {
    ...(plainHttp ? { plainHttp: true } : {}),
    ...(insecure ? { insecure: true } : {}),
  };
}

/**
 * The provider that variables of the environment describe, with the names of the bundles guide:
 * `REGISTRY_REPO`, `AZURE_STORAGE_KEY` and so on. Credentials are asked for only when they are needed.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export function defaultProviderFromEnv(env: BundleEnvironment): BundleProvider {
  const settings = bundleSettingsFromEnv(env);
  const folder = join(env["HOME"] || ".", ".modctl");
  const { username, password } = settings;
  const login = username && password ? [fixedCredentials({ username, password })] : [];
  return bundleProvider(settings, {
    catalog: new DiskCatalog(env["MODCTL_STORAGE_DIR"] || folder),
    registries: new RegistryConnector({
      credentials: firstCredentials(...login),
      retry: {
        attempts: settings.httpRetries === undefined ? undefined : settings.httpRetries + 1,
        stallTime: settings.httpTimeoutSeconds * 1000,
      },
    }),
    cacheFolder: join(folder, "cache"),
  });
}
