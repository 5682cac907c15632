/**
 * Big files outside the registry: Azure Blob Storage and folders behind one interface.
 *
 * @example Keep an object in a folder
 * ```ts
 * import { bytesSource, digestBytes } from "./src/oci/mod.ts";
 * import { openObjectStore } from "./src/objects/mod.ts";
 *
 * const store = openObjectStore({ fileRoot: await Deno.makeTempDir() });
 * const bytes = new TextEncoder().encode("weights");
 * const sha256 = digestBytes(bytes).slice("sha256:".length);
 * await store.put("az://models/demo/model.bin", bytesSource(bytes), { sha256 });
 * const { size } = await store.stat("az://models/demo/model.bin");
 * console.assert(size === 7);
 * ```
 * @module
 */
export type { AzureSettings } from "./azure_access.ts";
export type { AzureClientOptions, AzureTokenSource } from "./azure_client.ts";
export { type ObjectStoreNetwork, type ObjectStoreSettings, openObjectStore } from "./dispatch.ts";
export type {
  ObjectFacts,
  ObjectStore,
  OpenObjectOptions,
  PutObjectOptions,
  StorageTier,
} from "./object_store.ts";
