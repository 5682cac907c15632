/**
 * The index of a layer as it is read. Generations of writers differ in how an entry says where its
 * bytes are; all are read into the same values.
 * @module
 */
import { quote } from "../../core/text.ts";
import * as z from "../../deps/zod.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { MOST_LIST_VALUES } from "../../core/json.ts";
import { collectGarbage, collectInSeries } from "../../core/runtime/garbage.ts";
import { checkShape } from "../../core/shapes/shape.ts";
import { anonymousBlob } from "../../oci/store.ts";
import type { BundleEntry, CommonEntry, ExternalEntry, RegistryEntry } from "./bundle.ts";
import {
  fileSize,
  objectAddress,
  optional,
  readDocument,
  sha256Digest,
  sha256Hex,
  storageTier,
} from "./reader.ts";
import { BundleMediaType } from "./media_types.ts";
import { workspacePath } from "../workspace/path.ts";

const INDEX_TYPES: ReadonlySet<string> = new Set([
  BundleMediaType.json,
  BundleMediaType.layerIndex,
]);

const externalStorage = z.looseObject({
  uri: objectAddress,
  sha256: sha256Hex,
  size: fileSize,
  tier: storageTier,
});

const entrySchema = z.looseObject({
  path: z.string(),
  layer: z.string().nullish(),
  mode: optional(z.number().int().nonnegative().max(0o7777)),
  oras: z.looseObject({ digest: sha256Digest, size: z.nullish(fileSize) }).nullish(),
  external: externalStorage.nullish(),
  digest: sha256Digest.nullish(),
  size: z.nullish(fileSize),
});

const indexSchema = z.looseObject({
  mediaType: z.string().nullish(),
  layer: z.string().nullish(),
  // Each entry is checked on its own: a list of a million wrong ones is refused at the first.
  entries: z.array(z.unknown()).nullish(),
});

/** The shortest entry there can be, in bytes: a path and a digest. */
const SHORTEST_ENTRY = '{"path":"a","digest":"sha256:"},'.length + 64;

/**
 * Reads the index of a layer; entries stay in the order of the document. The size of a blob is 0
 * where the document does not say it.
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
): readonly BundleEntry[] {
  // An index of twenty thousand files takes 40 MB to parse, beside what lies about already.
  collectGarbage();
  const document = readDocument(bytes, {
    mediaTypes: INDEX_TYPES,
    schema: indexSchema,
    values: MOST_LIST_VALUES,
  }, what);
  checkLayer(document.layer, layer, what);
  const { entries } = document;
  if (entries && entries.length * SHORTEST_ENTRY > bytes.byteLength + SHORTEST_ENTRY) {
    throw new InvalidInputError(`Cannot read ${what}: its entries say neither path nor content`);
  }
  return (entries ?? []).map((raw, index) => {
    collectInSeries(index);
    const entry = checkShape(entrySchema, raw, `${what}, entry ${index}`);
    checkLayer(entry.layer, layer, `${what}, entry ${quote(entry.path)}`);
    const path = workspacePath(entry.path, "use entry");
    return { path, layer, mode: entry.mode, ...storageOf(entry, what) };
  });
}

type EntryStorage =
  | Omit<RegistryEntry, keyof CommonEntry>
  | Omit<ExternalEntry, keyof CommonEntry>;

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
    const { uri, sha256, size, tier } = external;
    return { kind: "external", uri, sha256, size, tier };
  }
  const blob = oras ?? { digest: digest!, size };
  return { kind: "registry", blob: anonymousBlob(blob.digest, blob.size ?? 0) };
}

function checkLayer(found: string | null | undefined, layer: string, what: string): void {
  if (found === undefined || found === null || found === layer) return;
  throw new InvalidInputError(
    `Cannot read ${what}: it belongs to layer ${quote(found)}, want ${quote(layer)}`,
    { expected: layer, actual: found },
  );
}
