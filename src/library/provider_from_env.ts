/**
 * The provider of bundles that the environment describes, as the bundles guide makes it.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import type { BundleProvider } from "../bundle/provider.ts";
import { diskCatalog } from "../oci/disk_catalog.ts";
import { RegistryClient } from "../registry/client.ts";
import { retryOf } from "./bundle_registry.ts";
import { bundleSettingsFromEnv } from "./bundle_settings.ts";
import { bundleProvider } from "./bundles.ts";
import type { Environment } from "./environment.ts";
import { credentialSource } from "./registries.ts";

/**
 * The provider that variables of the environment describe, with the names of the bundles guide:
 * `REGISTRY_REPO`, `AZURE_STORAGE_KEY` and so on. Credentials are asked for only when they are
 * needed.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export function defaultProviderFromEnv(env: Environment): BundleProvider {
  const settings = bundleSettingsFromEnv(env);
  const folder = join(env["HOME"] || ".", ".modctl");
  return bundleProvider(settings, {
    catalog: diskCatalog(env["MODCTL_STORAGE_DIR"] || folder),
    registries: new RegistryClient({
      credentials: credentialSource(settings),
      retry: retryOf(settings),
    }),
    cacheFolder: join(folder, "cache"),
  });
}
