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
import type { IndexEntry } from "./layer_index.ts";
import {
  BundleMediaType,
  fileMediaType,
  layerIndexTitle,
  MANIFEST_TITLE,
  TITLE_ANNOTATION,
} from "./media_types.ts";

/** A bundle about to be written. */
export interface BundleContent {
  /** Name of the bundle. */
  readonly name: string;
  /** Version of the bundle. */
  readonly version: string;
  /** Description of the bundle. */
  readonly description?: string;
  /** Layers of each role. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** The layers in order, each with its files; registry entries must have a size. */
  readonly layers: readonly {
    readonly name: string;
    readonly entries: readonly IndexEntry[];
  }[];
}

/** A document and its descriptor. */
export interface WrittenDocument {
  /** Descriptor, as it stands in the manifest. */
  readonly descriptor: Descriptor;
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The documents of a bundle. */
export interface WrittenBundle {
  /** The image manifest. */
  readonly manifest: WrittenDocument;
  /** The empty configuration, the bundle manifest, and the index of each layer. */
  readonly documents: readonly WrittenDocument[];
  /** Descriptor of the index of each layer. */
  readonly layerIndexes: Readonly<Record<string, Descriptor>>;
  /** The contents of files, each as often as it has a path. */
  readonly files: readonly Descriptor[];
}

/**
 * Writes the documents of a bundle; the same content gives the same bytes.
 * @throws {InvalidInputError} when the bundle has more files than a manifest can list.
 */
export function writeDocuments(content: BundleContent): WrittenBundle {
  const indexes = content.layers.map(({ name, entries }) => ({
    name,
    document: titled(layerIndexTitle(name), layerIndex(name, entries)),
  }));
  const layerIndexes = Object.fromEntries(
    indexes.map(({ name, document }) => [name, document.descriptor]),
  );
  const bundleManifest = titled(MANIFEST_TITLE, bundleManifestDocument(content, layerIndexes));
  const config = described(MediaType.emptyJson, {});
  const files = content.layers.flatMap(({ entries }) => sortedByPath(entries).flatMap(fileLayer));
  const documents = [bundleManifest, ...indexes.map(({ document }) => document)];
  const manifest = described(MediaType.imageManifest, {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    artifactType: BundleMediaType.artifact,
    config: config.descriptor,
    layers: [...documents.map(({ descriptor }) => descriptor), ...files],
    annotations: annotationsOf(content),
  });
  checkSize(manifest, files.length);
  return { manifest, documents: [config, ...documents], layerIndexes, files };
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
  layerIndexes: Readonly<Record<string, Descriptor>>,
): Record<string, unknown> {
  const digests: Record<string, Digest> = Object.fromEntries(
    Object.entries(layerIndexes).map(([name, { digest }]) => [name, digest]),
  );
  const entries = content.layers.flatMap((layer) => layer.entries);
  return {
    mediaType: BundleMediaType.json,
    name: content.name,
    version: content.version,
    description: content.description ?? null,
    roles: content.roles,
    layers: digests,
    layer_indexes: digests,
    external_index_present: entries.some(({ storage }) => storage.kind === "external"),
  };
}

/** The index of a layer, entries in order of their paths. */
function layerIndex(layer: string, entries: readonly IndexEntry[]): Record<string, unknown> {
  return {
    mediaType: BundleMediaType.json,
    layer,
    entries: sortedByPath(entries).map((entry) => indexEntry(layer, entry)),
  };
}

/** An entry; readers of earlier generations pass over `mode`. */
function indexEntry(layer: string, { path, mode, storage }: IndexEntry): Record<string, unknown> {
  const common = { path, layer, mode };
  if (storage.kind === "registry") {
    return { ...common, oras: { digest: storage.digest, size: storage.size } };
  }
  const { uri, sha256, size, tier } = storage;
  return { ...common, external: { uri, sha256, size, tier } };
}

function sortedByPath(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return entries.toSorted((a, b) => compareText(a.path, b.path));
}

function fileLayer({ path, storage }: IndexEntry): readonly Descriptor[] {
  if (storage.kind !== "registry") return [];
  const annotations = { [TITLE_ANNOTATION]: path };
  const { digest, size = 0 } = storage;
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
