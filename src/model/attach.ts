/**
 * Makes a model from another one: with one more file, or with another configuration.
 *
 * The documents of the source are edited, not rewritten: whatever a manifest says that this program
 * does not know stays in it. A configuration that is outside the specification is refused.
 * @module
 */
import { ConflictError, InvalidInputError } from "../core/errors.ts";
import { fileSource } from "../core/content/file_source.ts";
import { decodeJson, encodeGoJson, MOST_LIST_VALUES } from "../core/json.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { hashingShown } from "../core/progress.ts";
import { readAll } from "../core/streams.ts";
import { compareText, quote } from "../core/text.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Manifest, MANIFEST_SIZE_LIMIT } from "../oci/manifest.ts";
import { type OverlayStore, overlayStore } from "../oci/overlay_store.ts";
import { type ContentStore, readContent } from "../oci/store.ts";
import { parseConfig, respelt } from "./config.ts";
import { checkConfig } from "./config_schema.ts";
import { checkDiffIds } from "./diff_ids.ts";
import { formatTime, recordedTime } from "./file_metadata.ts";
import { type StoredLayer, storeLayer } from "./layers.ts";
import {
  LAYER_KINDS,
  layerForm,
  type LayerKind,
  layerPath,
  parseLayerMediaType,
} from "./media_types.ts";
import { readModel } from "./model_manifest.ts";
import type { AttachOptions, MediaTypeFamily } from "./operations/packaging.ts";
import { ownerNames } from "./owner_names.ts";
import { singleFile } from "./single_file.ts";

/** A model that was made, and the store that holds all of it. */
export interface AttachedModel {
  /** Holds the new documents and the new layer, over the source. */
  readonly store: ContentStore;
  /** Descriptor of the new manifest. */
  readonly descriptor: Descriptor;
  /** The layer that was added; absent when the configuration was replaced. */
  readonly layer?: StoredLayer;
}

/** What attaching needs to know besides its options. */
export type AttachToOptions = AttachOptions & {
  /** The time now, in milliseconds since the epoch. */
  readonly now: number;
};

/**
 * Makes a model from the one that `target` names in `source`. Layers keep their order: by kind, and
 * the new one among its kind by path. Nothing is written anywhere yet.
 * @throws {ConflictError} when the model has such a file and `force` is not given.
 * @throws {InvalidInputError} when a replacing configuration is malformed, or that of the source is
 * not one of the specification.
 */
export async function attachFile(
  source: ContentStore,
  target: string,
  file: string,
  options: AttachToOptions,
): Promise<AttachedModel> {
  const operation = operationOptions(options);
  const { manifest } = await readModel(source, target, operation);
  const store = overlayStore(source);
  if (options.config) {
    const config = await readConfigFile(source, manifest, file, operation);
    return { store, descriptor: replaceParts(store, manifest, manifest.layers, config) };
  }
  const layer = await packFile(store, file, { ...options, family: familyOf(manifest) });
  const { layers, diffIds } = await placeLayer(source, manifest, layer, options);
  const config = await extendConfig(source, manifest, diffIds, options);
  return { store, descriptor: replaceParts(store, manifest, layers, config), layer };
}

async function packFile(
  store: OverlayStore,
  file: string,
  options: AttachToOptions & { readonly family: MediaTypeFamily },
): Promise<StoredLayer> {
  const found = await singleFile(file, options);
  return await storeLayer(store, found, {
    // Nothing moves into what lies over a store: of packing a file there, only hashing takes time.
    ...hashingShown(operationOptions(options)),
    family: options.family,
    form: layerForm(options),
    sourceDateEpoch: options.sourceDateEpoch,
    owners: await ownerNames(),
  });
}

/** A model keeps its family, so that no manifest is made that mixes them. */
function familyOf(manifest: Manifest): MediaTypeFamily {
  return manifest.config?.mediaType.includes(".cnai.") ? "cnai" : "cncf";
}

/** The layers with the new one in its place, and their digests as the configuration lists them. */
async function placeLayer(
  source: ContentStore,
  manifest: Manifest,
  added: StoredLayer,
  options: AttachToOptions,
): Promise<{ layers: Descriptor[]; diffIds: unknown[] }> {
  const known = await readDiffIds(source, manifest, options);
  const rows = manifest.layers.map((layer, index) => ({
    layer,
    diffId: known[index] ?? layer.digest,
  }));
  const kept = rows.filter(({ layer }) => layerPath(layer.annotations) !== added.path);
  if (kept.length < rows.length && !options.force) {
    throw new ConflictError(
      `Cannot attach ${quote(added.path)}: the model has a file of that name`,
      { path: added.path, remedy: "add --force to replace it" },
    );
  }
  const row = { layer: added.descriptor, diffId: added.diffId };
  const place = kept.findIndex(({ layer }) => compareLayers(layer, added.descriptor) > 0);
  const placed = kept.toSpliced(place < 0 ? kept.length : place, 0, row);
  return { layers: placed.map(({ layer }) => layer), diffIds: placed.map(({ diffId }) => diffId) };
}

function compareLayers(a: Descriptor, b: Descriptor): number {
  const byKind = kindOrder(a) - kindOrder(b);
  return byKind || compareText(layerPath(a.annotations) ?? "", layerPath(b.annotations) ?? "");
}

function kindOrder(layer: Descriptor): number {
  const kind: LayerKind | undefined = parseLayerMediaType(layer.mediaType)?.kind;
  return kind === undefined ? LAYER_KINDS.length : LAYER_KINDS.indexOf(kind);
}

async function readDiffIds(
  source: ContentStore,
  manifest: Manifest,
  options: OperationOptions,
): Promise<readonly string[]> {
  const bytes = await readConfigBytes(source, manifest, options);
  return parseConfig(bytes).modelfs.diffIds;
}

async function readConfigBytes(
  source: ContentStore,
  manifest: Manifest,
  options: OperationOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (manifest.config) return await readContent(source, manifest.config, operationOptions(options));
  throw new InvalidInputError(`Cannot attach to ${source.name}: the model has no configuration`);
}

/** The source's configuration with the new list of layers and the time of this change. */
async function extendConfig(
  source: ContentStore,
  manifest: Manifest,
  diffIds: readonly unknown[],
  options: AttachToOptions,
): Promise<Uint8Array> {
  const bytes = await readConfigBytes(source, manifest, options);
  const { descriptor, modelfs, config, ...others } = respelt(
    decodeJson(bytes, "model configuration"),
  );
  const createdAt = options.noCreationTime ? {} : { createdAt: formatTime(recordedTime(options)) };
  const extended = encodeGoJson({
    ...others,
    descriptor: { ...descriptor, ...createdAt },
    modelfs: { type: "layers", ...modelfs, diffIds },
    config,
  });
  checkExtended(extended, diffIds.length, options);
  return extended;
}

/**
 * Makes sure that what is written is a configuration of the specification. What the source has
 * besides would have to be lost or written again: whoever attaches decides about that.
 */
function checkExtended(
  extended: Uint8Array,
  layers: number,
  { source, target }: Pick<AttachToOptions, "source" | "target">,
): void {
  const what = `the configuration of ${quote(source)} with one more layer`;
  try {
    checkConfig(extended, layers, { action: "write", what });
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const { message, facts } = error;
    const remedy = "give the model a configuration of the specification first: " +
      `modelops attach --config CONFIG.json -s ${source} -t ${target}`;
    throw new InvalidInputError(message, { ...facts, remedy, cause: error });
  }
}

/** A configuration from a file, compared with the layers of a model and otherwise as it is. */
async function readConfigFile(
  source: ContentStore,
  manifest: Manifest,
  file: string,
  options: OperationOptions,
): Promise<Uint8Array> {
  const stream = await (await fileSource(file)).open({ signal: options.signal });
  const what = quote(file);
  const bytes = await readAll(stream, MANIFEST_SIZE_LIMIT, what);
  checkConfig(bytes, manifest.layers.length, { action: "read", what });
  const { diffIds } = parseConfig(bytes).modelfs;
  await checkDiffIds(source, manifest.layers, {
    ...options,
    diffIds,
    earlier: () => earlierDiffIds(source, manifest, options),
    what,
  });
  return bytes;
}

/** What the source says of its layers; nothing where its configuration has to be replaced. */
async function earlierDiffIds(
  source: ContentStore,
  manifest: Manifest,
  options: OperationOptions,
): Promise<readonly string[]> {
  try {
    return await readDiffIds(source, manifest, options);
  } catch (error) {
    if (error instanceof InvalidInputError) return [];
    throw error;
  }
}

/** Lays the new configuration and the new manifest over the source. */
function replaceParts(
  store: OverlayStore,
  manifest: Manifest,
  layers: readonly Descriptor[],
  configBytes: Uint8Array,
): Descriptor {
  const document = decodeJson(manifest.bytes, "manifest", MOST_LIST_VALUES) as Record<
    string,
    unknown
  >;
  const configType = manifest.config?.mediaType ?? "application/octet-stream";
  const config = store.add(configType, configBytes);
  return store.add(manifest.mediaType, encodeGoJson({ ...document, config, layers }));
}
