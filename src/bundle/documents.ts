/**
 * The documents of a bundle as they are read: the bundle manifest, and the index of each layer.
 *
 * Three generations of writers differ in media types, in where the digests of the indexes stand, and in
 * how an entry says where its bytes are. All of them are read into the same values.
 * @module
 */
import { z } from "../deps/zod.ts";
import type { Digest } from "../core/digest.ts";
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import { decodeJson } from "../core/json.ts";
import { sizeSchema } from "../oci/descriptor.ts";
import type { StorageTier } from "./bundle.ts";
import { BundleMediaType } from "./media_types.ts";
import { isPartName, NAME_RULE } from "./names.ts";
import { workspacePath } from "./workspace_path.ts";

/** A bundle manifest. */
export interface BundleManifest {
  /** Media type that the document says it has. */
  readonly mediaType: string;
  /** Name, where the document has one. */
  readonly name?: string | undefined;
  /** Version, where the document has one. */
  readonly version?: string | undefined;
  /** Description, where the document has one. */
  readonly description?: string | undefined;
  /** Layers of each role, at least one. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Names of the layers, in the order of the document. */
  readonly layers: readonly string[];
  /** Digests of the indexes, where the document has them. */
  readonly layerIndexes: Readonly<Record<string, Digest>>;
  /** What the document says about external entries, if anything. */
  readonly externalIndexPresent?: boolean | undefined;
}

/** Where an entry's bytes are, as its index says. */
export type EntryStorage =
  | {
    readonly kind: "registry";
    readonly digest: Digest;
    /** Absent in old indexes that do not say. */
    readonly size?: number | undefined;
  }
  | {
    readonly kind: "external";
    readonly uri: string;
    readonly sha256: string;
    readonly size: number;
    readonly tier?: StorageTier | undefined;
  };

/** A file in the index of a layer. */
export interface IndexEntry {
  /** Normalised relative path. */
  readonly path: string;
  /** Permission bits, where the index has them. */
  readonly mode?: number | undefined;
  /** Where the bytes are. */
  readonly storage: EntryStorage;
}

const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  BundleMediaType.json,
  BundleMediaType.manifest,
]);

const INDEX_TYPES: ReadonlySet<string> = new Set([
  BundleMediaType.json,
  BundleMediaType.layerIndex,
]);

const sha256Digest = z.custom<Digest>(
  (value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value),
  { error: "expected sha256: and 64 lower-case hexadecimal digits" },
);
const sha256Hex = z.string().regex(
  /^[0-9a-f]{64}$/,
  "expected 64 lower-case hexadecimal digits",
);
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
  const raw = decodeJson(bytes, what);
  checkMediaType(raw, MANIFEST_TYPES, what);
  const document = parseDocument(manifestSchema, raw, what);
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

const registryStorage = z.looseObject({ digest: sha256Digest, size: sizeSchema.nullish() });

const externalStorage = z.looseObject({
  uri: z.string().min(1, "expected an address"),
  sha256: sha256Hex,
  size: sizeSchema,
  tier: z.unknown(),
});

const entrySchema = z.looseObject({
  path: z.string(),
  layer: z.string().nullish(),
  mode: z.number().int().nonnegative().max(0o7777).nullish(),
  oras: registryStorage.nullish(),
  external: externalStorage.nullish(),
  digest: sha256Digest.optional(),
  size: sizeSchema.nullish(),
});

const indexSchema = z.looseObject({
  mediaType: z.string().optional(),
  layer: z.string().nullish(),
  entries: z.array(entrySchema).default([]),
});

/**
 * Reads the index of a layer; entries stay in the order of the document.
 *
 * @param what The document's name in messages.
 * @throws {UnsupportedError} when its media type is that of no generation.
 * @throws {InvalidInputError} when anything else is wrong, such as a path that leaves the workspace.
 */
export function readLayerIndexDocument(
  bytes: Uint8Array,
  layer: string,
  what: string,
): readonly IndexEntry[] {
  const raw = decodeJson(bytes, what);
  checkMediaType(raw, INDEX_TYPES, what);
  const document = parseDocument(indexSchema, raw, what);
  checkLayer(document.layer, layer, what);
  return document.entries.map((entry) => {
    checkLayer(entry.layer, layer, `${what}, entry ${JSON.stringify(entry.path)}`);
    return {
      path: workspacePath(entry.path, "use entry"),
      mode: entry.mode ?? undefined,
      storage: storageOf(entry, what),
    };
  });
}

/** The one place an entry says its bytes are in. */
function storageOf(entry: z.infer<typeof entrySchema>, what: string): EntryStorage {
  const { oras, external, digest, size } = entry;
  const forms = [oras, external, digest].filter((form) => form !== undefined && form !== null);
  if (forms.length !== 1) {
    throw new InvalidInputError(
      `Cannot read ${what}: entry ${JSON.stringify(entry.path)} has ` +
        `${forms.length} of oras, external and digest, want exactly one`,
      { path: entry.path },
    );
  }
  if (external) {
    const { uri, sha256, tier } = external;
    return { kind: "external", uri, sha256, size: external.size, tier: tierOf(tier) };
  }
  if (oras) return { kind: "registry", digest: oras.digest, size: oras.size ?? undefined };
  return { kind: "registry", digest: digest!, size: size ?? undefined };
}

const TIERS: ReadonlySet<unknown> = new Set(["hot", "cool", "archive"]);

/** A tier is a hint: one that is not known is none. */
function tierOf(tier: unknown): StorageTier | undefined {
  return TIERS.has(tier) ? tier as StorageTier : undefined;
}

function checkLayer(found: string | null | undefined, layer: string, what: string): void {
  if (found === undefined || found === null || found === layer) return;
  throw new InvalidInputError(
    `Cannot read ${what}: it belongs to layer ${JSON.stringify(found)}, ` +
      `want ${JSON.stringify(layer)}`,
    { expected: layer, actual: found },
  );
}

function checkMediaType(raw: unknown, known: ReadonlySet<string>, what: string): void {
  if (typeof raw !== "object" || raw === null || !("mediaType" in raw)) return;
  const { mediaType } = raw;
  if (typeof mediaType !== "string" || known.has(mediaType)) return;
  throw new UnsupportedError(
    `Cannot read ${what}: unknown media type ${JSON.stringify(mediaType)}`,
    { actual: mediaType, expected: [...known].join(", ") },
  );
}

function parseDocument<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  what: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({
    message: `${issue.path.join(".") || "document"}: ${reasonOf(issue)}`,
  }));
  throw new InvalidInputError(`Cannot read ${what}: ${problems[0]?.message}`, {
    problems,
    cause: parsed.error,
  });
}

/** What is wrong with a key, where the key itself is: the library only says that it is. */
function reasonOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? issue.issues[0]?.message ?? issue.message : issue.message;
}
