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
import type { BundleEntry, ResolvedBundle } from "./bundle.ts";
import { bundleLabel } from "../resolve/reference.ts";
import { type IndexEntry, readLayerIndexDocument } from "./layer_index.ts";
import { explainedDocument } from "../resolve/missing_part.ts";

/** The largest index read: some hundred thousand files. */
const INDEX_SIZE_LIMIT = 64 * 1024 * 1024;

/**
 * The files of some layers, layer by layer in the order given and in the order of each index. A path
 * that several layers have comes several times.
 * @throws {InvalidInputError} when an index is missing or malformed.
 * @throws {TransferError | IntegrityError} when an index is gone, or is not what its descriptor says.
 */
export async function* readEntries(
  bundle: ResolvedBundle,
  layers: readonly string[],
  options: OperationOptions = {},
): AsyncGenerator<BundleEntry, void> {
  for (const layer of layers) yield* await readLayerIndex(bundle, layer, options);
}

/**
 * The files of a layer.
 * @throws as {@linkcode readEntries} says.
 */
export async function readLayerIndex(
  bundle: Omit<ResolvedBundle, "ref" | "totalSize">,
  layer: string,
  options: OperationOptions = {},
): Promise<readonly BundleEntry[]> {
  options.signal?.throwIfAborted();
  const what = `the index of layer ${quote(layer)} of ${bundleLabel(bundle)}`;
  const index = Object.hasOwn(bundle.layerIndexes, layer) ? bundle.layerIndexes[layer] : undefined;
  if (index === undefined) {
    throw new InvalidInputError(`Cannot read ${what}: the bundle does not say where it is`);
  }
  const reading = readContent(bundle.store, index, {
    ...operationOptions(options),
    limit: INDEX_SIZE_LIMIT,
  });
  const bytes = await explainedDocument(reading, what);
  const sizes = new SizeFinder(bundle);
  const entries: BundleEntry[] = [];
  for (const entry of readLayerIndexDocument(bytes, layer, what)) {
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
  readonly #bundle: Pick<ResolvedBundle, "store" | "contents">;
  #listed: ReadonlyMap<Digest, Descriptor> | undefined;

  constructor(bundle: Pick<ResolvedBundle, "store" | "contents">) {
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
