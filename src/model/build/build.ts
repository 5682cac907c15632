/**
 * Packages a workspace folder as a model.
 *
 * Everything that can be wrong is looked for first: targets, Modelfile, files, the size of the
 * manifest. Only then is the first byte moved.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { bytesSource } from "../../core/content/source.ts";
import { EMPTY_DIGEST } from "../../core/digest.ts";
import { operationOptions } from "../../core/operation.ts";
import { describeDocument } from "../../oci/descriptor.ts";
import { MediaType } from "../../oci/media_types.ts";
import { type ContentStore, writeTagged } from "../../oci/store.ts";
import type { DigestCache } from "../../work/digest_cache.ts";
import { holdWorkers } from "../../work/pool.ts";
import { recordedTime } from "../file_metadata.ts";
import { checkLayersRoom, planLayers, storeLayer } from "../layers.ts";
import { FAMILIES } from "../media_types.ts";
import { encodeModelManifest } from "../model_manifest.ts";
import { ownerNames } from "../owner_names.ts";
import { layerShape, makeConfig, manifestAnnotations, NO_OWNERS } from "./documents.ts";
import type { BuildPlan, BuiltModel, PackageOptions } from "./shape.ts";

/**
 * Packages what `plan` found into a store: layers, configuration, manifest, in this order.
 *
 * `now` is the time of the build in milliseconds since the epoch; `SOURCE_DATE_EPOCH` and
 * `noCreationTime` win over it.
 */
export async function buildModel(
  store: ContentStore,
  plan: BuildPlan,
  options: PackageOptions & {
    readonly now: number;
    readonly digests?: DigestCache;
    /** What the artifact is called in the store; it has no name when absent. */
    readonly tag?: string;
  },
): Promise<BuiltModel> {
  const shape = layerShape(options);
  const operation = operationOptions(options);
  const owners = shape.form === "raw" ? NO_OWNERS : await ownerNames();
  const time = recordedTime(options);
  // All but the digests of the layers is known before the first byte is stored.
  makeConfig(plan, plan.files.map(() => EMPTY_DIGEST), options, time);
  const layerOptions = { ...shape, ...operation, owners, digests: options.digests };
  await checkLayersRoom(store, plan.files, layerOptions);
  planLayers(store, plan.files, layerOptions);
  using _workers = holdWorkers();
  const layers = await mapConcurrent(
    plan.files,
    (file) => storeLayer(store, file, layerOptions),
    options,
  );
  const diffIds = layers.map(({ diffId }) => diffId);
  const configBytes = makeConfig(plan, diffIds, options, time);
  const config = await describeDocument(FAMILIES[shape.family].configType, configBytes);
  await store.write(config, bytesSource(configBytes), operation);
  const bytes = encodeModelManifest({
    family: shape.family,
    config,
    layers: layers.map((layer) => layer.descriptor),
    annotations: manifestAnnotations(plan.modelfile, options, time),
  });
  const descriptor = await describeDocument(MediaType.imageManifest, bytes);
  const { tag } = options;
  const source = bytesSource(bytes);
  if (tag === undefined) await store.write(descriptor, source, operation);
  else await writeTagged(store, { manifest: descriptor, source, tag }, operation);
  return { descriptor, config, layers };
}
