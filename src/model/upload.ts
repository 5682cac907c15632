/**
 * A single file, sent to a repository ahead of the build that lists it.
 * @module
 */
import { operationOptions } from "../core/operation.ts";
import type { ContentStore } from "../oci/store.ts";
import { type StoredLayer, storeLayer } from "./layers.ts";
import { layerForm } from "./media_types.ts";
import type { UploadOptions } from "./operations.ts";
import { ownerNames } from "./owner_names.ts";
import { singleFile } from "./single_file.ts";

/** Stores a file as the layer that a build makes of it, and returns the layer. */
export async function uploadFile(
  store: ContentStore,
  file: string,
  options: UploadOptions,
): Promise<StoredLayer> {
  return await storeLayer(store, await singleFile(file, options), {
    ...operationOptions(options),
    family: "cncf",
    form: layerForm(options),
    owners: await ownerNames(),
  });
}
