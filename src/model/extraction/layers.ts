/**
 * The layers of a model as files to be written.
 * @module
 */
import { safeRelativePath } from "../../archive/safe_path.ts";
import { InvalidInputError, UnsupportedError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { layerFileMetadata, layerPath, parseLayerMediaType } from "../media_types.ts";

/** A layer that is one file. */
export interface RawLayer {
  readonly form: "raw";
  readonly descriptor: Descriptor;
  readonly path: string;
}

/** A layer that is an archive and names its files itself. */
export interface TarLayer {
  readonly form: "tar";
  readonly descriptor: Descriptor;
}

export type ModelLayer = RawLayer | TarLayer;

/**
 * The layers to extract. Where two of them are the same file, the last one counts.
 * @throws {InvalidInputError} when there are none, or one that names no file.
 * @throws {UnsupportedError} when one is none of a model's.
 */
export function modelLayers(manifest: Manifest, options: OperationOptions): ModelLayer[] {
  if (manifest.layers.length === 0) {
    throw new InvalidInputError("Cannot extract the model: it has no layers, and so no files");
  }
  const layers = new Map<string, ModelLayer>();
  for (const descriptor of manifest.layers) {
    const layer = modelLayer(descriptor);
    const key = layer.form === "raw" ? safeRelativePath(layer.path) : descriptor.digest;
    const earlier = layers.get(key);
    if (earlier && earlier.descriptor.digest !== descriptor.digest) {
      options.log?.("warning", `Two layers hold ${quote(key)}: the last one counts`);
    }
    layers.set(key, layer);
  }
  return [...layers.values()];
}

function modelLayer(descriptor: Descriptor): ModelLayer {
  const type = parseLayerMediaType(descriptor.mediaType);
  if (!type) {
    throw new UnsupportedError(
      `Cannot extract ${descriptor.digest}: ${quote(descriptor.mediaType)} is not the ` +
        `media type of a model's layer`,
      { actual: descriptor.mediaType },
    );
  }
  if (type.form !== "raw") return { form: "tar", descriptor };
  const path = layerPath(descriptor.annotations);
  if (path !== undefined) return { form: "raw", descriptor, path };
  throw new InvalidInputError(
    `Cannot extract ${descriptor.digest}: its layer does not name a file`,
  );
}

/** Bytes of the files of a layer: of an archive, what it says of them, else its own. */
export function filesSize({ descriptor }: ModelLayer): number {
  return layerFileMetadata(descriptor.annotations)?.size ?? descriptor.size;
}
