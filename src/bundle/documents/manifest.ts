/**
 * The bundle manifest as it is read: roles, layers, and where their indexes are.
 * @module
 */
import { z } from "../../deps/zod.ts";
import type { Digest } from "../../core/digest.ts";
import { readDocument, sha256Digest } from "./reader.ts";
import { BundleMediaType } from "./media_types.ts";
import { isPartName, NAME_RULE } from "./names.ts";

/** A bundle manifest. */
export interface BundleManifest {
  /** Media type that the document says it has. */
  readonly mediaType: string;
  /** Name, where the document has one. */
  readonly name?: string;
  /** Version, where the document has one. */
  readonly version?: string;
  /** Description, where the document has one. */
  readonly description?: string;
  /** Layers of each role, at least one. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Names of the layers, in the order of the document. */
  readonly layers: readonly string[];
  /** Digests of the indexes, where the document has them. */
  readonly layerIndexes: Readonly<Record<string, Digest>>;
  /** What the document says about external entries, if anything. */
  readonly externalIndexPresent?: boolean;
}

const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  BundleMediaType.json,
  BundleMediaType.manifest,
]);

const partName = z.custom<string>(
  (value) => typeof value === "string" && isPartName(value),
  { error: `expected a name of ${NAME_RULE}` },
);
const partNames = z.array(partName);

/** A map from names; keys are checked too, and none of them can reach a prototype. */
function byName<Schema extends z.ZodType>(value: Schema) {
  return z.record(partName, value);
}

const manifestSchema = z.looseObject({
  mediaType: z.string().optional(),
  name: z.string().nullish(),
  version: z.string().nullish(),
  description: z.string().nullish(),
  roles: byName(partNames.min(1, "expected at least one layer")).default({}),
  layers: z.union([partNames, byName(z.unknown())], {
    error: "expected a list of layer names, or a map from them",
  }).default([]),
  layer_indexes: byName(sha256Digest).nullish(),
  external_index_present: z.boolean().nullish(),
});

/**
 * Reads a bundle manifest.
 *
 * @param what The document's name in messages.
 * @throws {UnsupportedError} when its media type is that of no generation.
 * @throws {InvalidInputError} when anything else is wrong.
 */
export function readBundleManifest(bytes: Uint8Array, what: string): BundleManifest {
  const form = { mediaTypes: MANIFEST_TYPES, schema: manifestSchema };
  const document = readDocument(bytes, form, what);
  const { layers } = document;
  return {
    mediaType: document.mediaType ?? BundleMediaType.json,
    name: document.name ?? undefined,
    version: document.version ?? undefined,
    description: document.description ?? undefined,
    roles: document.roles,
    layers: Array.isArray(layers) ? [...new Set(layers)] : Object.keys(layers),
    layerIndexes: document.layer_indexes ?? {},
    externalIndexPresent: document.external_index_present ?? undefined,
  };
}
