/**
 * Big files outside the registry: Azure Blob Storage and folders behind one interface.
 *
 * @example Keep an object in a folder
 * ```ts
 * import assert from "node:assert/strict";
 * import { bytesSource, digestBytes } from "@modelops/modelops/oci";
 * import { openObjectStore } from "@modelops/modelops/objects";
 *
 * const store = openObjectStore({ fileRoot: await Deno.makeTempDir() });
 * const bytes = new TextEncoder().encode("weights");
 * const sha256 = digestBytes(bytes).slice("sha256:".length);
 * await store.put("az://models/demo/model.bin", bytesSource(bytes), { sha256 });
 * const { size } = await store.stat("az://models/demo/model.bin");
 * assert.equal(size, 7);
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
  StatObjectOptions,
  StorageTier,
} from "./object_store.ts";
