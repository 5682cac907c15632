/**
 * The files of a bundle, from the indexes of its layers.
 * @module
 */
import { ifFound, InvalidInputError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { capability } from "../../oci/capabilities.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { readContent } from "../../oci/store.ts";
import { type Bundle, type BundleEntry, knownSize, type RegistryEntry } from "./bundle.ts";
import { bundleLabel } from "../resolve/reference.ts";
import { readLayerIndex } from "./layer_index.ts";
import { explained } from "../resolve/missing_part.ts";

/** The largest index read: some hundred thousand files. */
const INDEX_SIZE_LIMIT = 32 * 1024 * 1024;

/** What the entries of a bundle are read by. */
export type EntrySource =
  & Pick<Bundle, "store" | "layerIndexes" | "manifestDigest" | "name" | "version">
  & {
    /** What the manifest lists, which gives sizes that old indexes do not. */
    readonly contents?: readonly Descriptor[];
  };

/** Makes the reader of the layers of a bundle; an index that was read well is not read again. */
export function entryReader(source: EntrySource): Bundle["entriesOf"] {
  const known = new Map<string, Promise<readonly BundleEntry[]>>();
  return (layer, options = {}) => {
    const before = known.get(layer);
    if (before) return before;
    const reading = readIndexOf(source, layer, options);
    known.set(layer, reading);
    // A failure may be the caller's own, such as its signal: the next caller tries again.
    reading.catch(() => known.delete(layer));
    return reading;
  };
}

/**
 * The files of some layers, layer by layer in the order given. A path that several layers have
 * comes several times.
 * @throws as {@linkcode Bundle.entriesOf} says.
 */
export async function* readEntries(
  bundle: Bundle,
  layers: readonly string[],
  options: OperationOptions = {},
): AsyncGenerator<BundleEntry, void> {
  for (const layer of layers) {
    options.signal?.throwIfAborted();
    yield* await bundle.entriesOf(layer, options);
  }
}

async function readIndexOf(
  source: EntrySource,
  layer: string,
  options: OperationOptions,
): Promise<readonly BundleEntry[]> {
  const what = `the index of layer ${quote(layer)} of ${bundleLabel(source)}`;
  const index = Object.hasOwn(source.layerIndexes, layer) ? source.layerIndexes[layer] : undefined;
  if (index === undefined) {
    throw new InvalidInputError(`Cannot read ${what}: the bundle does not say where it is`);
  }
  const reading = readContent(source.store, index, {
    ...operationOptions(options),
    limit: INDEX_SIZE_LIMIT,
  });
  const bytes = await explained(reading, what);
  const sizeOf = sizeFinder(source, options);
  const entries: BundleEntry[] = [];
  for (const entry of readLayerIndex(bytes, layer, what)) {
    if (entry.kind === "external" || knownSize(entry.blob) !== undefined) entries.push(entry);
    else entries.push({ ...entry, blob: { ...entry.blob, size: await sizeOf(entry) } });
  }
  return entries;
}

/**
 * Finds sizes that an index does not give in the manifest or the store; 0 when neither says.
 * Content that is missing is for whoever reads it to tell, as where the index gives its size.
 */
function sizeFinder({ store, contents = [] }: EntrySource, options: OperationOptions) {
  const listed = new Map(contents.map(({ digest, size }) => [digest, size]));
  const stat = capability(store, "stat");
  return async ({ blob: { digest } }: RegistryEntry): Promise<number> => {
    const size = listed.get(digest);
    if (size !== undefined || stat === undefined) return size ?? 0;
    return (await ifFound(stat(digest, options)))?.size ?? 0;
  };
}
