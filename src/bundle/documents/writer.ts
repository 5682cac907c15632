/**
 * The documents of a bundle as they are written: one form that readers of all generations but the
 * first take.
 *
 * The manifest is a standard image manifest. Its first layer is the bundle manifest, then come the
 * indexes of the layers, then the files. The bundle manifest gives the digests of the indexes
 * twice: under `layer_indexes`, where readers look, and under `layers`, whose keys they take.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { compareText } from "../../core/text.ts";
import { describeBytes, type Descriptor } from "../../oci/descriptor.ts";
import { MANIFEST_SIZE_LIMIT } from "../../oci/manifest.ts";
import { MediaType } from "../../oci/media_types.ts";
import { encodeCanonical } from "./canonical.ts";
import type { Bundle, BundleEntry } from "./bundle.ts";
import {
  BundleMediaType,
  fileMediaType,
  layerIndexTitle,
  MANIFEST_TITLE,
  TITLE_ANNOTATION,
} from "./media_types.ts";

/** A bundle about to be written: its layers in order, each with its files. */
export interface BundleContent extends Pick<Bundle, "description" | "roles"> {
  readonly name: string;
  readonly version: string;
  readonly layers: readonly { readonly name: string; readonly entries: readonly BundleEntry[] }[];
}

/** A document, and its descriptor as it stands in the manifest. */
export interface WrittenDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The documents of a bundle. */
export interface WrittenBundle {
  /** The image manifest. */
  readonly manifest: WrittenDocument;
  /** The empty configuration, the bundle manifest, and the index of each layer. */
  readonly documents: readonly WrittenDocument[];
  /** The contents of files, each as often as it has a path. */
  readonly files: readonly Descriptor[];
}

/**
 * Writes the documents of a bundle; the same content gives the same bytes.
 * @throws {InvalidInputError} when the bundle has more files than a manifest can list.
 */
export function writeDocuments(content: BundleContent): WrittenBundle {
  const indexes = content.layers.map(({ name, entries }) =>
    titled(layerIndexTitle(name), layerIndex(name, entries))
  );
  const digests = Object.fromEntries(
    content.layers.map(({ name }, index) => [name, indexes[index]!.descriptor.digest]),
  );
  const bundleManifest = titled(MANIFEST_TITLE, bundleManifestDocument(content, digests));
  const config = described(MediaType.emptyJson, {});
  const files = content.layers.flatMap(({ entries }) => sortedByPath(entries).flatMap(fileLayer));
  const documents = [bundleManifest, ...indexes];
  const manifest = described(MediaType.imageManifest, {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    artifactType: BundleMediaType.artifact,
    config: config.descriptor,
    layers: [...documents.map(({ descriptor }) => descriptor), ...files],
    annotations: annotationsOf(content),
  });
  checkSize(manifest, files.length);
  return { manifest, documents: [config, ...documents], files };
}

function annotationsOf({ name, version, description }: BundleContent): Record<string, string> {
  return {
    [TITLE_ANNOTATION]: `${name}:${version}`,
    "org.opencontainers.image.version": version,
    ...(description ? { "org.opencontainers.image.description": description } : {}),
  };
}

function bundleManifestDocument(
  content: BundleContent,
  digests: Readonly<Record<string, Digest>>,
): Record<string, unknown> {
  const entries = content.layers.flatMap((layer) => layer.entries);
  return {
    mediaType: BundleMediaType.json,
    name: content.name,
    version: content.version,
    description: content.description ?? null,
    roles: content.roles,
    layers: digests,
    layer_indexes: digests,
    external_index_present: entries.some(({ kind }) => kind === "external"),
  };
}

/** The index of a layer, entries in order of their paths. */
function layerIndex(layer: string, entries: readonly BundleEntry[]): Record<string, unknown> {
  return {
    mediaType: BundleMediaType.json,
    layer,
    entries: sortedByPath(entries).map((entry) => indexEntry(layer, entry)),
  };
}

/** An entry; readers of earlier generations pass over `mode`. */
function indexEntry(layer: string, entry: BundleEntry): Record<string, unknown> {
  const { path, mode } = entry;
  if (entry.kind === "registry") {
    const { digest, size } = entry.blob;
    return { path, layer, mode, oras: { digest, size } };
  }
  const { uri, sha256, size, tier } = entry;
  return { path, layer, mode, external: { uri, sha256, size, tier } };
}

function sortedByPath(entries: readonly BundleEntry[]): readonly BundleEntry[] {
  return entries.toSorted((a, b) => compareText(a.path, b.path));
}

function fileLayer(entry: BundleEntry): readonly Descriptor[] {
  if (entry.kind !== "registry") return [];
  const { path, blob: { digest, size } } = entry;
  const annotations = { [TITLE_ANNOTATION]: path };
  return [{ mediaType: fileMediaType(path), digest, size, annotations }];
}

function titled(title: string, document: Record<string, unknown>): WrittenDocument {
  const { descriptor, bytes } = described(BundleMediaType.json, document);
  return { descriptor: { ...descriptor, annotations: { [TITLE_ANNOTATION]: title } }, bytes };
}

function described(mediaType: string, document: Record<string, unknown>): WrittenDocument {
  const bytes = encodeCanonical(document);
  return { descriptor: describeBytes(mediaType, bytes), bytes };
}

/** Refuses a manifest that registries would refuse after everything was sent. */
function checkSize({ bytes }: WrittenDocument, files: number): void {
  if (bytes.byteLength <= MANIFEST_SIZE_LIMIT) return;
  throw new InvalidInputError(
    `Cannot publish ${files} files: their manifest has ${bytes.byteLength} bytes, ` +
      `more than the ${MANIFEST_SIZE_LIMIT} that registries take`,
    {
      expected: MANIFEST_SIZE_LIMIT,
      actual: bytes.byteLength,
      remedy: "pack small files into an archive before publishing, or split the bundle",
    },
  );
}
