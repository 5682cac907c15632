/**
 * The manifest of a model.
 * See https://github.com/modelpack/model-spec/blob/main/docs/spec.md#oci-image-manifest
 * @module
 */
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import { isDigest } from "../core/digest.ts";
import { compareText, quote } from "../core/text.ts";
import { encodeGoJson } from "../core/json.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { Annotations, Descriptor } from "../oci/descriptor.ts";
import {
  children,
  type Manifest,
  MANIFEST_SIZE_LIMIT,
  type ManifestDocument,
} from "../oci/manifest.ts";
import { MediaType } from "../oci/media_types.ts";
import { resolveNamed } from "../oci/tags/near.ts";
import { type ContentStore, readContent, readManifest } from "../oci/store.ts";
import { inTurn } from "../work/turns.ts";
import { artifactKind, artifactTypeOf, isModel } from "./artifact_kind.ts";
import { type ModelConfig, parseConfig } from "./config.ts";
import { FAMILIES } from "./media_types.ts";
import type { MediaTypeFamily } from "./operations/packaging.ts";

/** Manifest annotation that records the platforms a model was built for, separated by commas. */
export const PLATFORMS_ANNOTATION = "org.modelops.platforms";

/** What a model's manifest is made of. */
export interface ModelManifestParts {
  readonly family: MediaTypeFamily;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Annotations;
}

/**
 * Writes a manifest as compact JSON, keys in the order other tools write and annotations sorted, so
 * that the same parts give the same digest.
 * @throws {InvalidInputError} when it is larger than registries accept.
 */
export function encodeModelManifest(parts: ModelManifestParts): Uint8Array<ArrayBuffer> {
  const bytes = encodeGoJson({
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    artifactType: FAMILIES[parts.family].artifactType,
    config: ordered(parts.config),
    layers: parts.layers.map(ordered),
    annotations: sortKeys(parts.annotations),
  });
  checkSize(bytes.byteLength, parts.layers.length);
  return bytes;
}

/**
 * Makes sure that registries will accept a manifest. Of its layers there is one in memory at a
 * time: a folder may have any number of files.
 * @throws {InvalidInputError} when they will not.
 */
export function checkModelManifest(
  { layers, ...parts }: Omit<ModelManifestParts, "layers"> & {
    readonly layers: Iterable<Descriptor>;
  },
): void {
  let size = encodeModelManifest({ ...parts, layers: [] }).byteLength;
  let count = 0;
  for (const layer of layers) {
    collectInSeries(count);
    const comma = count++ === 0 ? 0 : 1;
    size += encodeGoJson(ordered(layer)).byteLength + comma;
  }
  checkSize(size, count);
}

function checkSize(size: number, count: number): void {
  if (size <= MANIFEST_SIZE_LIMIT) return;
  throw new InvalidInputError(
    `Cannot package ${count} files: the manifest would have ${size} bytes, ` +
      `and registries accept ${MANIFEST_SIZE_LIMIT}`,
    {
      expected: MANIFEST_SIZE_LIMIT,
      actual: size,
      remedy: "leave files out with .modignore or --exclude",
    },
  );
}

function ordered(descriptor: Descriptor): Record<string, unknown> {
  const { mediaType, digest, size, annotations } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(annotations ? { annotations: sortKeys(annotations) } : {}),
  };
}

function sortKeys(annotations: Annotations): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => compareText(a, b)));
}

/** A model as a store has it. */
export interface StoredModel {
  /** Descriptor of the manifest. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/**
 * Reads the manifest of the model that a tag or digest names.
 * @throws {NotFoundError} when the store has none.
 * @throws {UnsupportedError} saying what it is when it is no model.
 */
export async function readModel(
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<StoredModel> {
  return await readModelAt(store, await resolveNamed(store, target, options), {
    ...options,
    target,
  });
}

/** Reads the manifest of a model whose descriptor is known; `target` is its name in messages. */
export async function readModelAt(
  store: ContentStore,
  descriptor: Descriptor,
  { target, ...options }: OperationOptions & { readonly target: string },
): Promise<StoredModel> {
  const document = await readManifest(store, descriptor, options);
  if (document.kind === "manifest" && isModel(document)) return { descriptor, manifest: document };
  const { title, remedy } = artifactKind(document);
  const type = artifactTypeOf(document);
  throw new UnsupportedError(
    `Cannot use ${quote(nameIn(store, target))} as a model: it is ${title} (${quote(type)})`,
    { actual: type, remedy },
  );
}

function nameIn(store: ContentStore, target: string): string {
  return `${store.name}${isDigest(target) ? "@" : ":"}${target}`;
}

/**
 * Reads a model's configuration.
 * @throws {UnsupportedError} when the manifest has none.
 */
export async function readModelConfig(
  store: ContentStore,
  manifest: Manifest,
  options: OperationOptions = {},
): Promise<ModelConfig> {
  if (!manifest.config) {
    throw new UnsupportedError(`Cannot read the configuration of ${store.name}: it has none`);
  }
  const bytes = await readContent(store, manifest.config, options);
  return await inTurn(bytes.byteLength, () => parseConfig(bytes));
}

/** Bytes of a manifest, its configuration and its layers; of an index and its manifests. */
export function artifactSize(descriptor: Descriptor, document: ManifestDocument): number {
  return children(document).reduce((sum, child) => sum + child.size, descriptor.size);
}
