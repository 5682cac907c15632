/**
 * What an artifact is, whatever it is: the documents that the page of a server shows.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ManifestDocument } from "../../oci/manifest.ts";
import { type ContentStore, readManifest } from "../../oci/store.ts";
import { resolveNamed } from "../../oci/tags/near.ts";
import { isDigest } from "../../core/digest.ts";
import { artifactKind, artifactTypeOf, isModel } from "../artifact_kind.ts";
import { creationTime } from "../listing/local.ts";
import { layerPath } from "../media_types.ts";
import { artifactSize } from "../model_manifest.ts";
import { cardOf, readCard } from "./card.ts";
import { cardDocument } from "./documents.ts";

/** A document of JSON. */
export type Description = Readonly<Record<string, unknown>>;

/** Parts of an artifact of another kind that are listed. */
const MOST_PARTS = 1000;

/**
 * Describes an artifact: a model by its card and its files, something else by its manifest.
 * @throws {NotFoundError} when there is none.
 */
export async function describeArtifact(
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<Description> {
  const descriptor = await resolveNamed(store, target, options);
  const document = await readManifest(store, descriptor, options);
  const reference = nameOf(store, target);
  if (document.kind === "manifest" && isModel(document)) {
    const card = await cardOf(store, { descriptor, manifest: document }, options);
    return { kind: "model", ...cardDocument(reference, card, { card: true, files: true }) };
  }
  const { name, title } = artifactKind(document);
  return {
    kind: name,
    reference,
    title,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    artifactType: artifactTypeOf(document),
    size: artifactSize(descriptor, document),
    createdAt: await creationTime(store, document, options),
    ...partsOf(document),
  };
}

/** The manifests of an index, or the files of an artifact, and how many they are. */
function partsOf(document: ManifestDocument): Description {
  if (document.kind === "index") {
    const manifests = document.manifests.slice(0, MOST_PARTS).map(partOf);
    return { manifests, manifestCount: document.manifests.length };
  }
  const files = document.layers.slice(0, MOST_PARTS).map((layer) => ({
    path: layerPath(layer.annotations) ??
      layer.annotations?.["org.opencontainers.image.title"] ?? "",
    ...partOf(layer),
  }));
  return { files, fileCount: document.layers.length };
}

function partOf({ mediaType, digest, size }: Descriptor): Description {
  return { mediaType, digest, size };
}

/** Tensors that are listed. */
const MOST_TENSORS = 5000;

/**
 * The tensors of a model in the order of the files.
 * @throws {NotFoundError} when there is no such artifact.
 * @throws {UnsupportedError} saying what it is when it is no model.
 */
export async function describeTensors(
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<Description> {
  const card = await readCard(store, target, { ...options, allTensors: true });
  const shown = { ...card, tensors: card.tensors.slice(0, MOST_TENSORS) };
  return {
    ...cardDocument(nameOf(store, target), shown, { tensors: true }),
    tensorCount: card.tensors.length,
  };
}

function nameOf({ name }: ContentStore, target: string): string {
  return `${name}${isDigest(target) ? "@" : ":"}${target}`;
}
