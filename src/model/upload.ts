/**
 * A single file, sent to a repository ahead of the build that lists it.
 * @module
 */
import { operationOptions } from "../core/operation.ts";
import type { ContentStore } from "../oci/store.ts";
import { planLayers, type StoredLayer, storeLayer } from "./layers.ts";
import { layerForm } from "./media_types.ts";
import type { DigestCache } from "../work/digest_cache.ts";
import type { UploadOptions } from "./operations/packaging.ts";
import { ownerNames } from "./owner_names.ts";
import { singleFile } from "./single_file.ts";

/**
 * Stores a file as the layer that a build makes of it, and returns the layer. Its digest is noted,
 * so that the build does not send it again.
 */
export async function uploadFile(
  store: ContentStore,
  file: string,
  options: UploadOptions & { readonly digests?: DigestCache },
): Promise<StoredLayer> {
  const found = await singleFile(file, options);
  const layerOptions = {
    ...operationOptions(options),
    family: "cncf",
    form: layerForm(options),
    owners: await ownerNames(),
    digests: options.digests,
  } as const;
  planLayers(store, [found], layerOptions);
  return await storeLayer(store, found, layerOptions);
}
