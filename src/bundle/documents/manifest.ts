/**
 * The bundle manifest as it is read: roles, layers, and where their indexes are.
 * @module
 */
import * as z from "../../deps/zod.ts";
import { formed, optional, readDocument, sha256Digest } from "./reader.ts";
import { BundleMediaType } from "./media_types.ts";
import { isPartName, MOST_PARTS, NAME_RULE } from "./names.ts";
import { InvalidInputError, UnsupportedError } from "../../core/errors.ts";

/** A bundle manifest; `layerIndexes` are the digests of the indexes, where it has them. */
export type BundleManifest = ReturnType<typeof readBundleManifest>;

const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  BundleMediaType.json,
  BundleMediaType.manifest,
]);

const partName = formed<string>(isPartName, `is not a name of ${NAME_RULE}`);
const partNames = z.array(partName);

/** A map from names; keys are checked too, and none of them can reach a prototype. */
function byName<Schema extends z.ZodType>(value: Schema) {
  return z.record(partName, value);
}

const manifestSchema = z.looseObject({
  mediaType: optional(z.string()),
  name: optional(z.string()),
  version: optional(z.string()),
  description: optional(z.string()),
  roles: byName(partNames.min(1)).nullish(),
  layers: z.union([partNames, byName(z.unknown())]).nullish(),
  layer_indexes: byName(sha256Digest).nullish(),
  external_index_present: optional(z.boolean()),
});

/**
 * Reads a bundle manifest.
 *
 * @param what The document's name in messages.
 * @throws {UnsupportedError} when its media type is that of no generation, or nothing in it is a
 * bundle's.
 * @throws {InvalidInputError} when anything else is wrong.
 */
export function readBundleManifest(bytes: Uint8Array, what: string) {
  const form = { mediaTypes: MANIFEST_TYPES, schema: manifestSchema };
  const { mediaType = BundleMediaType.json, ...document } = readDocument(bytes, form, what);
  const { name, version, description } = document;
  const says = document.roles ?? document.layers ?? document.layer_indexes;
  // Any JSON may have this media type: then what it says has to tell.
  if (mediaType === BundleMediaType.json && !says) {
    throw new UnsupportedError(`Cannot read ${what}: it has neither layers nor roles`);
  }
  const roles = document.roles ?? {};
  const named = document.layers ?? [];
  const layers = Array.isArray(named) ? [...new Set(named)] : Object.keys(named);
  for (const [kind, parts] of Object.entries({ layers, roles: Object.keys(roles) })) {
    if (parts.length <= MOST_PARTS) continue;
    throw new InvalidInputError(
      `Cannot read ${what}: it has ${parts.length} ${kind}, want at most ${MOST_PARTS}`,
      { actual: parts.length, expected: MOST_PARTS },
    );
  }
  return {
    ...{ mediaType, name, version, description, roles },
    layers,
    layerIndexes: document.layer_indexes ?? {},
    externalIndexPresent: document.external_index_present,
  };
}
