/**
 * The index of a layer as it is read. Generations of writers differ in how an entry says where its
 * bytes are; all are read into the same values.
 * @module
 */
import { quote } from "../../core/text.ts";
import { z } from "../../deps/zod.ts";
import type { Digest } from "../../core/digest.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { sizeSchema } from "../../oci/descriptor.ts";
import type { StorageTier } from "./bundle.ts";
import { readDocument, sha256Digest } from "./reader.ts";
import { BundleMediaType } from "./media_types.ts";
import { workspacePath } from "../workspace/path.ts";

/** Where an entry's bytes are, as its index says. */
export type EntryStorage =
  | {
    readonly kind: "registry";
    readonly digest: Digest;
    /** Absent in old indexes that do not say. */
    readonly size?: number;
  }
  | {
    readonly kind: "external";
    readonly uri: string;
    readonly sha256: string;
    readonly size: number;
    readonly tier?: StorageTier;
  };

/** A file in the index of a layer. */
export interface IndexEntry {
  /** Normalised relative path. */
  readonly path: string;
  /** Permission bits, where the index has them. */
  readonly mode?: number;
  /** Where the bytes are. */
  readonly storage: EntryStorage;
}

const INDEX_TYPES: ReadonlySet<string> = new Set([
  BundleMediaType.json,
  BundleMediaType.layerIndex,
]);

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hexadecimal digits");
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
 * @throws {InvalidInputError} when anything else is wrong, such as a path that leaves the
 * workspace.
 */
export function readLayerIndex(
  bytes: Uint8Array,
  layer: string,
  what: string,
): readonly IndexEntry[] {
  const document = readDocument(bytes, { mediaTypes: INDEX_TYPES, schema: indexSchema }, what);
  checkLayer(document.layer, layer, what);
  return document.entries.map((entry) => {
    checkLayer(entry.layer, layer, `${what}, entry ${quote(entry.path)}`);
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
      `Cannot read ${what}: entry ${quote(entry.path)} has ` +
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
    `Cannot read ${what}: it belongs to layer ${quote(found)}, want ${quote(layer)}`,
    { expected: layer, actual: found },
  );
}
