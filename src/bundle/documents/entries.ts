/**
 * The files of a bundle, from the indexes of its layers.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { capability } from "../../oci/capabilities.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { MediaType } from "../../oci/media_types.ts";
import { readContent } from "../../oci/store.ts";
import type { Bundle, BundleEntry } from "./bundle.ts";
import { bundleLabel } from "../resolve/reference.ts";
import { type IndexEntry, readLayerIndex } from "./layer_index.ts";
import { explainedDocument } from "../resolve/missing_part.ts";

/** The largest index read: some hundred thousand files. */
const INDEX_SIZE_LIMIT = 64 * 1024 * 1024;

/** What the entries of a bundle are read by. */
export interface EntrySource extends Pick<Bundle, "store" | "layerIndexes" | "name" | "version"> {
  /** Digest of the bundle's manifest, for messages. */
  readonly manifestDigest: Digest;
  /** What the manifest lists, which gives sizes that old indexes do not. */
  readonly contents?: readonly Descriptor[];
}

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
  const bytes = await explainedDocument(reading, what);
  const sizes = new SizeFinder(source);
  const entries: BundleEntry[] = [];
  for (const entry of readLayerIndex(bytes, layer, what)) {
    entries.push(await bundleEntry(entry, { layer, sizes, options }));
  }
  return entries;
}

async function bundleEntry(
  { path, mode, storage }: IndexEntry,
  { layer, sizes, options }: {
    readonly layer: string;
    readonly sizes: SizeFinder;
    readonly options: OperationOptions;
  },
): Promise<BundleEntry> {
  const common = { path, layer, ...(mode === undefined ? {} : { mode }) };
  if (storage.kind === "external") return { ...common, ...storage };
  const { digest } = storage;
  const size = storage.size ?? await sizes.sizeOf(digest, options);
  return { ...common, kind: "registry", blob: { mediaType: MediaType.octetStream, digest, size } };
}

/** Sizes of blobs, for indexes that do not give them. */
class SizeFinder {
  readonly #bundle: Pick<EntrySource, "store" | "contents">;
  #listed: ReadonlyMap<Digest, Descriptor> | undefined;

  constructor(bundle: Pick<EntrySource, "store" | "contents">) {
    this.#bundle = bundle;
  }

  /** The size of a blob, from the manifest or the store; 0 when neither says. */
  async sizeOf(digest: Digest, options: OperationOptions): Promise<number> {
    const { store, contents = [] } = this.#bundle;
    this.#listed ??= new Map(contents.map((content) => [content.digest, content]));
    const listed = this.#listed.get(digest);
    if (listed) return listed.size;
    return (await capability(store, "stat")?.(digest, options))?.size ?? 0;
  }
}
