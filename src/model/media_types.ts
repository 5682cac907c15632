/**
 * The names ModelPack gives to its documents, layers and annotations, in both families.
 *
 * `cncf` is the current family and what is written by default; `cnai` is its predecessor, which
 * some registries still key their model view on. Both are read, also mixed in one manifest. See
 * https://github.com/modelpack/model-spec/blob/main/docs/spec.md
 * @module
 */
import type { CompressionName } from "../archive/compression.ts";
import type { Annotations } from "../oci/descriptor.ts";
import { type FileMetadata, parseFileMetadata } from "./file_metadata.ts";
import type { LayerKind } from "./layer_kind.ts";
import type { MediaTypeFamily } from "./operations/packaging.ts";

export type { LayerKind };

/** How a layer holds its file: the bytes themselves, or a tar archive, compressed or not. */
export type LayerForm = "raw" | "tar" | "tar+gzip" | "tar+zstd";

/** What a layer's media type says. */
export interface LayerType {
  /** What the file is in the model. */
  readonly kind: LayerKind;
  /** Family of names the type belongs to. */
  readonly family: MediaTypeFamily;
  /** How the layer holds its file. */
  readonly form: LayerForm;
}

/** Kinds in the order their layers have in a manifest. */
export const LAYER_KINDS: readonly LayerKind[] = ["config", "model", "code", "doc", "dataset"];

/** The names of one family. */
export interface FamilyNames {
  /** Type of the artifact, as the manifest says it. */
  readonly artifactType: string;
  /** Media type of the configuration. */
  readonly configType: string;
  /** Annotation of a layer: path of its file in the model. */
  readonly filepath: string;
  /** Annotation of a layer: facts of its file, as JSON. */
  readonly fileMetadata: string;
  /** Annotation of a manifest: the Modelfile it was built from. */
  readonly modelfile: string;
}

function familyNames(family: MediaTypeFamily): FamilyNames {
  return {
    artifactType: `application/vnd.${family}.model.manifest.v1+json`,
    configType: `application/vnd.${family}.model.config.v1+json`,
    filepath: `org.${family}.model.filepath`,
    fileMetadata: `org.${family}.model.file.metadata+json`,
    modelfile: `org.${family}.modctl.modelfile`,
  };
}

/** The names of every family, the preferred one first. */
export const FAMILIES: Readonly<Record<MediaTypeFamily, FamilyNames>> = {
  cncf: familyNames("cncf"),
  cnai: familyNames("cnai"),
};

/** Key of the file facts before the specification gave it the suffix `+json`. */
const OLD_FILE_METADATA = "org.cnai.model.file.metadata";

const KIND_WORDS: Readonly<Record<LayerKind, string>> = {
  config: "weight.config",
  model: "weight",
  code: "code",
  doc: "doc",
  dataset: "dataset",
};

/** Words of layer media types, with the one that named every layer before there were kinds. */
const WORD_KINDS: ReadonlyMap<string, LayerKind> = new Map([
  ...LAYER_KINDS.map((kind) => [KIND_WORDS[kind], kind] as const),
  ["layer", "model"],
]);

/** The media type of a layer: `application/vnd.cncf.model.weight.v1.raw`. */
export function layerMediaType(
  kind: LayerKind,
  options: { readonly family: MediaTypeFamily; readonly form: LayerForm },
): string {
  return `application/vnd.${options.family}.model.${KIND_WORDS[kind]}.v1.${options.form}`;
}

/** The form of layers that build options ask for; raw when they do not say. */
export function layerForm(
  options: {
    readonly raw?: boolean;
    readonly compression?: CompressionName;
  },
): LayerForm {
  const { raw = true, compression = "none" } = options;
  // Raw layers are the default, and have no compression: whoever asks for one wants archives.
  if (compression !== "none") return `tar+${compression}`;
  return raw ? "raw" : "tar";
}

const LAYER_TYPE =
  /^application\/vnd\.(cncf|cnai)\.model\.([a-z.]+?)(?:\.v\d+)?\.(raw|tar|tar\+gzip|tar\+zstd)$/;

/** A layer of weights that names their format: one file as it is, from before there was `raw`. */
const FORMAT_TYPE =
  /^application\/vnd\.(cncf|cnai)\.model\.weight\.v\d+\.(?:gguf|ggml|safetensors|dduf|onnx)$/;

/**
 * Reads a layer's media type, of either family and any version; `undefined` when it is none of a
 * model's layers. The early type `….model.layer.v1.tar`, which named no kind, is read as `model`,
 * and so is `….model.weight.v1.gguf`, which named the format of the file.
 */
export function parseLayerMediaType(text: string): LayerType | undefined {
  const [, family, word, form] = LAYER_TYPE.exec(text) ?? [];
  const kind = WORD_KINDS.get(word ?? "");
  if (kind !== undefined) {
    return { kind, family: family as MediaTypeFamily, form: form as LayerForm };
  }
  const [, ofWeights] = FORMAT_TYPE.exec(text) ?? [];
  return ofWeights === undefined
    ? undefined
    : { kind: "model", family: ofWeights as MediaTypeFamily, form: "raw" };
}

/** The first of `keys` that has a value. */
function firstOf(annotations: Annotations | undefined, keys: string[]): string | undefined {
  return keys.map((key) => annotations?.[key]).find((value) => value !== undefined && value !== "");
}

/** Annotation by which artifacts of any kind name a file. */
const TITLE = "org.opencontainers.image.title";

/**
 * The path of a layer's file in the model, or `undefined` when the layer names none. It comes from
 * outside: check it with `safeRelativePath` before it names anything.
 */
export function layerPath(annotations: Annotations | undefined): string | undefined {
  return firstOf(annotations, [FAMILIES.cncf.filepath, FAMILIES.cnai.filepath, TITLE]);
}

/** The facts of a layer's file, or `undefined` when the layer gives none that can be read. */
export function layerFileMetadata(
  annotations: Annotations | undefined,
): Partial<FileMetadata> | undefined {
  const text = firstOf(annotations, [
    FAMILIES.cncf.fileMetadata,
    FAMILIES.cnai.fileMetadata,
    OLD_FILE_METADATA,
  ]);
  return text === undefined ? undefined : parseFileMetadata(text);
}
