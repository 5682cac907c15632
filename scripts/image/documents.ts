/**
 * The documents of an image, and of what refers to it.
 * See https://github.com/opencontainers/image-spec
 * @module
 */
import { encodeGoJson } from "../../src/core/json.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import type { ContentStore } from "../../src/oci/store.ts";
import type { execution } from "./system.ts";
import type { WrittenLayer } from "./system_layer.ts";

/** Annotations and labels. */
export type Facts = Readonly<Record<string, string>>;

/** An image for one machine. */
export interface ImageParts {
  readonly architecture: string;
  readonly layers: readonly WrittenLayer[];
  readonly config: ReturnType<typeof execution>;
  readonly annotations: Facts;
  /** RFC 3339 time; an image without it is the same whenever it is made. */
  readonly created?: string | undefined;
}

/** Writes a value as JSON and describes it. */
export async function writeDocument(
  store: ContentStore,
  mediaType: string,
  value: unknown,
): Promise<Descriptor> {
  const bytes = value instanceof Uint8Array ? value : encodeGoJson(value);
  const descriptor = describeBytes(mediaType, bytes as Uint8Array<ArrayBuffer>);
  await store.write(descriptor, bytesSource(bytes));
  return descriptor;
}

/** Writes configuration and manifest of an image for one machine, and describes it. */
export async function writeImage(
  store: ContentStore,
  { architecture, layers, config, annotations, created }: ImageParts,
): Promise<Descriptor> {
  const time = created === undefined ? {} : { created };
  const configuration = await writeDocument(store, "application/vnd.oci.image.config.v1+json", {
    ...time,
    architecture,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ title }) => ({ ...time, created_by: `deno task image: ${title}` })),
  });
  const manifest = await writeDocument(store, MediaType.imageManifest, {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    config: configuration,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations,
  });
  return { ...manifest, platform: { os: "linux", architecture } } as Descriptor;
}

/** Writes the index of images for several machines. */
export async function writeIndex(
  store: ContentStore,
  manifests: readonly Descriptor[],
  annotations: Facts,
): Promise<Descriptor> {
  return await writeDocument(store, MediaType.imageIndex, {
    schemaVersion: 2,
    mediaType: MediaType.imageIndex,
    manifests,
    annotations,
  });
}

/** A document that says something of a manifest. */
export interface Statement {
  readonly artifactType: string;
  readonly mediaType: string;
  /** A value that becomes JSON, or bytes. */
  readonly content: unknown;
  /** Annotations of the layer that holds it. */
  readonly annotations?: Facts;
}

/** Writes a manifest with one document in it that refers to `subject`. */
export async function writeReferrer(
  store: ContentStore,
  subject: Descriptor,
  { artifactType, mediaType, content, annotations }: Statement,
): Promise<Descriptor> {
  const config = await writeDocument(store, MediaType.emptyJson, {});
  const layer = await writeDocument(store, mediaType, content);
  const { mediaType: type, digest, size } = subject;
  return await writeDocument(store, MediaType.imageManifest, {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    artifactType,
    config,
    layers: [annotations === undefined ? layer : { ...layer, annotations }],
    subject: { mediaType: type, digest, size },
  });
}
