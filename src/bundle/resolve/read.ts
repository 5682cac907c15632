/**
 * Reads a bundle out of a repository, whichever generation wrote it.
 *
 * The first generation stored the bundle manifest as the manifest itself. Later ones wrap it into
 * an image manifest and mark it by its title or its media type; one of them gave no usable digests
 * of the indexes, which are then found by their titles.
 * @module
 */
import { type Digest, isDigest } from "../../core/digest.ts";
import { UnsupportedError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { capability } from "../../oci/capabilities.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { type ContentStore, readContent, readManifest } from "../../oci/store.ts";
import type { Bundle } from "../documents/bundle.ts";
import { entryReader } from "../documents/entries.ts";
import { type BundleManifest, readBundleManifest } from "../documents/manifest.ts";
import {
  BundleMediaType,
  layerIndexTitle,
  MANIFEST_TITLE,
  TITLE_ANNOTATION,
} from "../documents/media_types.ts";
import { keepingDocuments } from "./kept_documents.ts";
import { explained } from "./missing_part.ts";

/** A bundle that was read, before its entries are. */
export type ReadBundle = Omit<Bundle, "ref" | "repository">;

/** How to read a bundle. */
export interface ReadBundleOptions extends OperationOptions {
  /** The store that keeps the documents that are read. */
  readonly keeper?: ContentStore;
}

/**
 * Reads the bundle whose manifest has this descriptor.
 * @throws {UnsupportedError} when the manifest is that of something else.
 * @throws {InvalidInputError} when the bundle's documents are malformed.
 * @throws {TransferError} when one of them is not where the manifest says.
 */
export async function readBundle(
  store: ContentStore,
  root: Descriptor,
  { keeper, ...options }: ReadBundleOptions = {},
): Promise<ReadBundle> {
  if (keeper === undefined) return await readDocuments(store, root, options);
  const bundle = await readDocuments(keepingDocuments(store, keeper, options), root, options);
  // Files are not documents: whoever reads them decides what is kept of them.
  return { ...bundle, store };
}

async function readDocuments(
  store: ContentStore,
  root: Descriptor,
  options: OperationOptions,
): Promise<ReadBundle> {
  if (root.mediaType === BundleMediaType.manifest) {
    return await readBareBundle(store, root, options);
  }
  const manifest = await readManifest(store, root, options);
  if (manifest.kind === "index") {
    throw new UnsupportedError(
      `Cannot read ${nameOf(store, root)} as a bundle: it is an image index`,
      { actual: manifest.mediaType },
    );
  }
  const contents = [...manifest.layers, ...manifest.config ? [manifest.config] : []];
  const found = findBundleManifest(contents);
  if (found === undefined) throw notABundle(store, root, manifest);
  const what = `the bundle manifest of ${nameOf(store, root)}`;
  const bytes = await explained(readContent(store, found, options), what);
  const document = readBundleManifest(bytes, what);
  const layerIndexes = await indexDescriptors(document, { store, contents, ...options });
  return bundleOf(store, root, { document, layerIndexes, contents });
}

/** The first generation: bundle manifest and indexes are manifests of their own. */
async function readBareBundle(
  store: ContentStore,
  root: Descriptor,
  options: OperationOptions,
): Promise<ReadBundle> {
  const bytes = await readContent(store, root, options);
  const document = readBundleManifest(bytes, nameOf(store, root));
  const layerIndexes: Record<string, Descriptor> = {};
  for (const [layer, digest] of Object.entries(bareIndexes(document, bytes))) {
    const what = `the index of layer ${quote(layer)} of ${nameOf(store, root)}`;
    layerIndexes[layer] = await explained(store.resolve(digest, options), what);
  }
  return bundleOf(store, root, { document, layerIndexes });
}

/** Digests of indexes; the first generation may give them as the values of `layers`. */
function bareIndexes(document: BundleManifest, bytes: Uint8Array): Record<string, Digest> {
  const { layers } = JSON.parse(new TextDecoder().decode(bytes));
  if (Object.keys(document.layerIndexes).length > 0 || Array.isArray(layers)) {
    return document.layerIndexes;
  }
  const digests = document.layers.flatMap((layer) => {
    const value: unknown = layers?.[layer];
    return typeof value === "string" && isDigest(value) ? [[layer, value] as const] : [];
  });
  return Object.fromEntries(digests);
}

function bundleOf(
  store: ContentStore,
  root: Descriptor,
  { document, layerIndexes, contents }: {
    readonly document: BundleManifest;
    readonly layerIndexes: Readonly<Record<string, Descriptor>>;
    readonly contents?: readonly Descriptor[];
  },
): ReadBundle {
  const { name, version, description, roles, layers, externalIndexPresent = false } = document;
  const identity = { store, layerIndexes, manifestDigest: root.digest, name, version };
  return {
    ...identity,
    ...{ mediaType: root.mediaType, description, roles, layers, externalIndexPresent },
    entriesOf: entryReader({ ...identity, contents }),
  };
}

/** How the bundle manifest is known among the contents of a manifest, the surest sign first. */
const SIGNS: readonly ((content: Descriptor) => boolean)[] = [
  (content) => titleOf(content) === MANIFEST_TITLE,
  (content) => content.mediaType === BundleMediaType.manifest,
  (content) => content.mediaType === BundleMediaType.json,
];

function findBundleManifest(contents: readonly Descriptor[]): Descriptor | undefined {
  return SIGNS.map((sign) => contents.find(sign)).find((found) => found !== undefined);
}

interface IndexSearch extends OperationOptions {
  readonly store: ContentStore;
  readonly contents: readonly Descriptor[];
}

/** Where each layer's index is; a layer whose index cannot be found is missed when it is read. */
async function indexDescriptors(
  document: BundleManifest,
  search: IndexSearch,
): Promise<Record<string, Descriptor>> {
  const found: [string, Descriptor][] = [];
  for (const layer of document.layers) {
    const digest = Object.hasOwn(document.layerIndexes, layer)
      ? document.layerIndexes[layer]
      : undefined;
    const index = digest === undefined
      ? search.contents.find((content) => titleOf(content) === layerIndexTitle(layer))
      : await blobDescriptor(digest, search);
    if (index) found.push([layer, index]);
  }
  return Object.fromEntries(found);
}

/** The descriptor of a blob of which only the digest is known. */
async function blobDescriptor(
  digest: Digest,
  { store, contents, ...options }: IndexSearch,
): Promise<Descriptor> {
  const listed = contents.find((content) => content.digest === digest);
  if (listed) return listed;
  const stat = capability(store, "stat");
  if (stat) {
    return await explained(stat(digest, options), `${digest} of ${store.name}`);
  }
  throw new UnsupportedError(
    `Cannot read ${digest} of ${store.name}: its manifest does not list it, so its size is unknown`,
    { reference: `${store.name}@${digest}` },
  );
}

function titleOf(content: Descriptor): string | undefined {
  return content.annotations?.[TITLE_ANNOTATION];
}

function nameOf(store: ContentStore, root: Descriptor): string {
  return `${store.name}@${root.digest}`;
}

/** Types of the documents of models. */
const MODEL_TYPE = /^application\/vnd\.(?:cncf|cnai)\.model\./;

function notABundle(store: ContentStore, root: Descriptor, manifest: Manifest): UnsupportedError {
  const type = manifest.artifactType ?? manifest.config?.mediaType ?? manifest.mediaType;
  const remote = capability(store, "filePath") === undefined ? "--remote " : "";
  return new UnsupportedError(
    `Cannot read ${nameOf(store, root)} as a bundle: ` +
      `it has no bundle manifest, it is ${quote(type)}`,
    {
      reference: nameOf(store, root),
      actual: type,
      remedy: MODEL_TYPE.test(type)
        ? `it is a model: look at it with \`modelops inspect ${remote}${nameOf(store, root)}\``
        : undefined,
    },
  );
}
