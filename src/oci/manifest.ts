/**
 * Image manifests and indexes: the documents that make content into an artifact.
 *
 * A parsed document keeps the bytes it came from. They are what gets stored and sent again, so a
 * digest never changes by passing through this program.
 * See https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md
 * @module
 */
import * as form from "../core/shapes/form.ts";
import { quote } from "../core/text.ts";
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import { decodeJson, decodeLongJson } from "../core/json.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { type Annotations, type Descriptor, descriptorForm } from "./descriptor.ts";
import { isIndexType, isManifestType, MediaType } from "./media_types.ts";

/** The largest document read or accepted: what registries in the field accept, 4 MiB. */
export const MANIFEST_SIZE_LIMIT = 4 * 1024 * 1024;

/**
 * The most values of a document: a descriptor has at least four in 130 bytes, so that no document
 * of the size that is read comes near it.
 */
const VALUE_LIMIT = 150_000;

/** A manifest: a configuration and layers. */
export interface Manifest {
  /** Tells a manifest from an index. */
  readonly kind: "manifest";
  /** Media type the document is stored under. */
  readonly mediaType: string;
  /** Type of the artifact, where the manifest or its configuration says one. */
  readonly artifactType?: string;
  /** The configuration blob; absent only in the early artifact form. */
  readonly config?: Descriptor;
  /** The layers in order. */
  readonly layers: readonly Descriptor[];
  /** The manifest that this one refers to. */
  readonly subject?: Descriptor;
  /** Facts about the artifact. */
  readonly annotations: Annotations;
  /** The document as it was read. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An index: a list of manifests. */
export interface Index extends Omit<Manifest, "kind" | "config" | "layers"> {
  /** Tells an index from a manifest. */
  readonly kind: "index";
  /** The manifests listed, in order. */
  readonly manifests: readonly Descriptor[];
}

/** Either kind of document. */
export type ManifestDocument = Manifest | Index;

const descriptors = form.maybe(form.listOf(descriptorForm));

const documentForm = form.map({
  schemaVersion: form.optional(form.oneOf(2)),
  mediaType: form.optional(form.text),
  artifactType: form.optional(form.text),
  config: form.optional(descriptorForm),
  layers: descriptors,
  blobs: descriptors,
  manifests: descriptors,
  subject: form.maybe(descriptorForm),
  annotations: form.maybe(form.textMap),
});

/**
 * Reads a manifest or an index.
 *
 * `mediaType` is what the sender called the document (a descriptor's type or a Content-Type); a
 * type in the document must agree with it. `what` names the document in errors. A document that
 * could be read both ways is refused, because two programs could then see two artifacts behind one
 * digest (CVE-2021-41190).
 * @throws {InvalidInputError} when the document is malformed, too large or ambiguous.
 * @throws {UnsupportedError} when its type is none that this program knows.
 */
export function parseManifest(
  bytes: Uint8Array<ArrayBuffer>,
  mediaType?: string,
  what = "manifest",
): ManifestDocument {
  checkSize(bytes, what);
  return documentOf(decodeJson(bytes, what, VALUE_LIMIT), bytes, what, mediaType);
}

/** Reads a manifest or an index as {@linkcode parseManifest} does, and lets others have turns. */
export async function parseLongManifest(
  bytes: Uint8Array<ArrayBuffer>,
  mediaType?: string,
): Promise<ManifestDocument> {
  const what = "manifest";
  checkSize(bytes, what);
  const json = await decodeLongJson(bytes, what, VALUE_LIMIT);
  await giveWay();
  return documentOf(json, bytes, what, mediaType);
}

function checkSize({ byteLength }: Uint8Array, what: string): void {
  if (byteLength <= MANIFEST_SIZE_LIMIT) return;
  throw new InvalidInputError(
    `Cannot read ${what}: ${byteLength} bytes are more than the limit of ${MANIFEST_SIZE_LIMIT}`,
    { expected: MANIFEST_SIZE_LIMIT, actual: byteLength },
  );
}

function documentOf(
  json: unknown,
  bytes: Uint8Array<ArrayBuffer>,
  what: string,
  mediaType?: string,
): ManifestDocument {
  refuseSchema1(json, what, mediaType);
  const document = form.checkForm(documentForm, json, what);
  const type = documentType(document, what, mediaType);
  const common = {
    mediaType: type,
    artifactType: document.artifactType,
    subject: document.subject,
    annotations: document.annotations ?? {},
    bytes,
  };
  if (isIndexType(type)) {
    return { kind: "index", ...common, manifests: document.manifests ?? [] };
  }
  const layers = document.layers ?? document.blobs ?? [];
  return { kind: "manifest", ...common, config: document.config, layers };
}

/** Says of manifests from before there were configurations what they are. */
function refuseSchema1(json: unknown, what: string, called = ""): void {
  const isEarly = typeof json === "object" && json !== null && "fsLayers" in json;
  if (!isEarly && !/^application\/vnd\.docker\.distribution\.manifest\.v1\b/.test(called)) return;
  throw new UnsupportedError(
    `Cannot read ${what}: it is a container image of schema 1, which says nothing of sizes`,
    { actual: called, remedy: "have it pushed again by a program of today" },
  );
}

/** The one media type of a document, from what it says, what it was called, and what it holds. */
function documentType(
  document: form.Formed<typeof documentForm>,
  what: string,
  called?: string,
): string {
  const looksLikeIndex = document.manifests !== undefined;
  const looksLikeManifest = document.layers !== undefined ||
    document.blobs !== undefined || document.config !== undefined;
  if (looksLikeIndex && looksLikeManifest) {
    throw new InvalidInputError(`Cannot read ${what}: it holds both layers and manifests`);
  }
  const generic = called === undefined || called === "application/json" ||
    called === MediaType.octetStream || called.startsWith("text/");
  if (document.mediaType && !generic && document.mediaType !== called) {
    throw new InvalidInputError(
      `Cannot read ${what}: it says it is ${quote(document.mediaType)}, ` +
        `but was delivered as ${quote(called)}`,
      { expected: called, actual: document.mediaType },
    );
  }
  const type = document.mediaType ?? (generic ? undefined : called) ??
    (looksLikeIndex ? MediaType.imageIndex : MediaType.imageManifest);
  if (!isManifestType(type)) {
    throw new UnsupportedError(`Cannot read ${what}: unknown media type ${quote(type)}`, {
      actual: type,
    });
  }
  if (!looksLikeIndex && !looksLikeManifest) {
    throw new InvalidInputError(`Cannot read ${what}: it holds neither layers nor manifests`);
  }
  if (isIndexType(type) ? looksLikeManifest : looksLikeIndex) {
    throw new InvalidInputError(
      `Cannot read ${what}: its content does not fit its media type ${quote(type)}`,
      { actual: type },
    );
  }
  return type;
}

/**
 * The content a document needs to be complete, in the order it must be written. The subject is not
 * among it: a referrer may arrive before what it refers to.
 */
export function children(document: ManifestDocument): readonly Descriptor[] {
  if (document.kind === "index") return document.manifests;
  return document.config ? [...document.layers, document.config] : document.layers;
}
