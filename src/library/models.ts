/**
 * The operations on models, over the store and the registries that settings describe.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { createModelBackend } from "../model/backend.ts";
import type { ModelBackend } from "../model/operations.ts";
import { diskCatalog } from "../oci/disk_catalog.ts";
import type { Registries } from "./mirrored_registries.ts";
import type {
  CredentialSettings,
  NetworkSettings,
  OpenOptions,
  StoreSettings,
} from "./settings.ts";

/** What the operations on models are opened with. */
export interface ModelSettings extends StoreSettings, NetworkSettings, CredentialSettings {}

/** The operations on models; disposing them closes the connections to registries. */
export interface Models extends ModelBackend, AsyncDisposable {}

/**
 * Opens the operations on models. What speaks to registries is loaded with the first that is asked.
 */
export async function openModels(
  settings: ModelSettings,
  options: OpenOptions = {},
): Promise<Models> {
  let opened: Promise<Registries> | undefined;
  const registries = () =>
    opened ??= import("./mirrored_registries.ts").then((module) =>
      module.openMirroredRegistries(settings, options)
    );
  const backend = createModelBackend({
    catalog: diskCatalog(settings.storageDir),
    digestCache: settings.cacheFolder && join(settings.cacheFolder, "digests"),
    connect: async (reference, access) => (await registries()).connect(reference, access),
    registryCatalog: async (registry, access) => (await registries()).catalog(registry, access),
  });
  return Object.assign(backend, {
    async [Symbol.asyncDispose]() {
      // Whoever asked for registries that could not be opened has been told.
      const registries = await opened?.catch(() => undefined);
      await registries?.[Symbol.asyncDispose]();
    },
  });
}
