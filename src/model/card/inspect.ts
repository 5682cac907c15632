/**
 * What is known of a model without its files.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import type { ContentStore } from "../../oci/store.ts";
import { layerPath } from "../media_types.ts";
import { readModel, readModelConfig } from "../model_manifest.ts";
import type { InspectResult } from "../operations/looking.ts";

/**
 * Describes the model that a tag or digest of a repository names.
 * @throws {NotFoundError} when there is none.
 */
export async function inspectModel(
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<InspectResult> {
  const model = await readModel(store, target, options);
  const config = await readModelConfig(store, model.manifest, options);
  const { descriptor, manifest } = model;
  return {
    digest: descriptor.digest,
    configDigest: manifest.config?.digest,
    config,
    layers: manifest.layers.map(({ mediaType, digest, size, annotations }) => (
      { mediaType, digest, size, path: layerPath(annotations) ?? "" }
    )),
  };
}
