/**
 * The bundles of a run: which registries, which store, and where big files are.
 * @module
 */
import { join } from "node:path";
import { type Bundles, createBundles } from "../bundle/operations.ts";
import { type BundleSettings, bundleSettingsFromEnv } from "../bundle/settings.ts";
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { bundleProvider } from "../library/bundle_provider.ts";
import { DiskCatalog } from "../oci/disk_catalog.ts";
import { createTransport } from "../http/transport.ts";
import type { BundlesRequest } from "./context.ts";
import { firstSet } from "./settings/environment.ts";
import { openRegistries, transportOptions } from "./registries.ts";
import type { Settings } from "./settings/global.ts";

/**
 * Opens the operations on bundles. Nothing is asked for before it is needed.
 * @throws {InvalidInputError} naming the variable whose value cannot be used.
 */
export async function openBundles(
  settings: Settings,
  request: BundlesRequest,
): Promise<Bundles> {
  const { env, ...options } = request;
  const bundle = bundleSettingsFromEnv(env);
  if (bundle.provider !== undefined) {
    throw new InvalidInputError(
      `Cannot use provider ${quote(bundle.provider)}: this program has no built-in provider`,
      { remedy: "unset MODELOPS_PROVIDER" },
    );
  }
  const stallTime = bundle.httpTimeoutSeconds * 1000;
  const attempts = bundle.httpRetries === undefined ? undefined : bundle.httpRetries + 1;
  const registries = await openRegistries(withLogin(settings, bundle), {
    ...options,
    retry: { attempts, stallTime },
  });
  const network = await transportOptions(settings);
  const provider = bundleProvider(bundle, {
    catalog: new DiskCatalog(settings.storageDir),
    registries,
    cacheFolder: cacheFolder(request),
    transport: () => createTransport({ ...network, stallTime }).send,
  });
  return createBundles(provider);
}

/** The login of the bundles' own variables comes first. */
function withLogin(settings: Settings, { username, password }: BundleSettings): Settings {
  return username && password ? { ...settings, username, password } : settings;
}

/** Where what may be forgotten is kept; the variables of bundles may name another folder. */
function cacheFolder({ env, home = "." }: BundlesRequest): string {
  return join(firstSet(env, ["XDG_CACHE_HOME"]) ?? join(home, ".cache"), "modelops");
}
