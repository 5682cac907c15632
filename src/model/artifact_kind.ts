/**
 * What an artifact is, by the types that it names: a model, or something that others make and keep
 * in registries beside models.
 * @module
 */
import type { ManifestDocument } from "../oci/manifest.ts";
import { parseLayerMediaType } from "./media_types.ts";

/** What an artifact is. */
export interface ArtifactKind {
  /** One word for listings. */
  readonly name: string;
  /** What a person calls it: `a Helm chart`. */
  readonly title: string;
  /** What reads it, where something is known. */
  readonly remedy?: string;
}

/** Types that only the documents of models have. */
const MODEL_DOCUMENT = /^application\/vnd\.(?:cncf|cnai)\.model\.(?:manifest|config)\.v\d+\+json$/;

const MODEL: ArtifactKind = { name: "model", title: "a model" };

/**
 * Kinds by a type of the manifest, its configuration or a layer; the first row that fits counts.
 */
const KINDS: readonly (readonly [pattern: RegExp, kind: ArtifactKind])[] = [
  [/^application\/vnd\.modelops\.|^bundle\.manifest\.json$/, {
    name: "bundle",
    title: "a bundle",
    remedy: "use the commands on bundles: `modelops bundle --help` lists them",
  }],
  [/^application\/vnd\.kitops\./, {
    name: "modelkit",
    title: "a ModelKit",
    remedy: "use `kit unpack`",
  }],
  [/^application\/vnd\.ollama\./, {
    name: "ollama",
    title: "an Ollama model",
    remedy: "use `ollama pull`",
  }],
  [/^application\/vnd\.docker\.ai\./, {
    name: "docker-ai",
    title: "a Docker AI model",
    remedy: "use `docker model pull`",
  }],
  [/^application\/vnd\.cncf\.helm\./, {
    name: "chart",
    title: "a Helm chart",
    remedy: "use `helm pull`",
  }],
  [/^application\/vnd\.(?:dev\.cosign|dev\.sigstore|cncf\.notary)\b/, {
    name: "signature",
    title: "a signature",
  }],
  [/^application\/vnd\.in-toto\+/, { name: "attestation", title: "an attestation" }],
  [/^application\/(?:spdx|vnd\.cyclonedx)\b/, { name: "sbom", title: "a list of components" }],
  [/^application\/vnd\.wasm\./, { name: "wasm", title: "a WebAssembly module" }],
  [/^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\b/, {
    name: "image",
    title: "a container image",
    remedy: "use `docker pull`",
  }],
];

/** What a manifest or an index is. */
export function artifactKind(document: ManifestDocument): ArtifactKind {
  if (document.kind === "index") {
    const count = document.manifests.length;
    const remedy = "name one of its manifests by digest";
    const title = `an index of ${count} ${count === 1 ? "manifest" : "manifests"}`;
    return { name: "index", title, remedy: count === 0 ? undefined : remedy };
  }
  const { artifactType, config, layers } = document;
  const documents = [artifactType, config?.mediaType].filter((type) => type !== undefined);
  if (documents.some((type) => MODEL_DOCUMENT.test(type))) return MODEL;
  const types = layers.map(({ mediaType }) => mediaType);
  if (types.length > 0 && types.every((type) => parseLayerMediaType(type) !== undefined)) {
    return MODEL;
  }
  const titles = layers.map(({ annotations }) => annotations?.["org.opencontainers.image.title"]);
  const marks = [...documents, ...types, ...titles].filter((mark) => mark !== undefined);
  return kindOfTypes(marks);
}

/** What an artifact is of which these types, or names of files, are known. */
export function kindOfTypes(marks: readonly string[]): ArtifactKind {
  const row = KINDS.find(([pattern]) => marks.some((mark) => pattern.test(mark)));
  return row?.[1] ?? { name: "artifact", title: "an artifact of another kind" };
}

/** Whether a manifest is a model's. */
export function isModel(document: ManifestDocument): boolean {
  return artifactKind(document) === MODEL;
}

/** The type by which an artifact says what it is. */
export function artifactTypeOf(document: ManifestDocument): string {
  if (document.artifactType !== undefined || document.kind === "index") {
    return document.artifactType ?? document.mediaType;
  }
  return document.config?.mediaType ?? document.mediaType;
}
