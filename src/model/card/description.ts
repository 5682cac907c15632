/**
 * What an artifact is, whatever it is: the documents that a server gives to strangers. They are the
 * commands' own, with bounds on what is read and on how long they are.
 * @module
 */
import { isDigest } from "../../core/digest.ts";
import { ModelOpsError } from "../../core/errors.ts";
import { firstFitting } from "../../core/json.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ManifestDocument } from "../../oci/manifest.ts";
import { type ContentStore, readManifest } from "../../oci/store.ts";
import { newestTags } from "../../oci/tags/near.ts";
import { artifactKind, artifactTypeOf, isModel } from "../artifact_kind.ts";
import { ServedReads } from "../facts/served_reads.ts";
import { creationTime } from "../listing/local.ts";
import { layerPath } from "../media_types.ts";
import { artifactSize, readModelAt, type StoredModel } from "../model_manifest.ts";
import { cardOf, earlierOf } from "./card.ts";
import { cardDocument } from "./documents.ts";
import type { ModelCard } from "./shape.ts";

/** A document of JSON. */
export type Description = Readonly<Record<string, unknown>>;

/** Characters of the lists of files, manifests and tensors: some thousands of items. */
const LONG_LIST = 600_000;

/** Characters of lists of names and sentences. */
const SHORT_LIST = 50_000;

/**
 * Describes an artifact: a model by its card and its files, something else by its manifest; and the
 * tags that name it.
 * @throws {NotFoundError} when there is none.
 */
export async function describeArtifact(
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<Description> {
  const descriptor = await store.resolve(target, options);
  const document = await readManifest(store, descriptor, options);
  const reference = nameOf(store, target);
  const names = {
    tags: await tagsNaming(store, descriptor, options),
    earlier: await earlierOf(store, target, options),
  };
  if (document.kind === "manifest" && isModel(document)) {
    const model = { descriptor, manifest: document };
    return {
      kind: "model",
      ...await describeModel(store, model, { ...options, reference }),
      ...names,
    };
  }
  const { name, title } = artifactKind(document);
  return {
    kind: name,
    reference,
    title,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    artifactType: artifactTypeOf(document),
    size: artifactSize(descriptor, document),
    createdAt: await creationTime(store, document, options),
    ...partsOf(document),
    ...names,
  };
}

async function describeModel(
  store: ContentStore,
  model: StoredModel,
  { reference, ...options }: OperationOptions & { readonly reference: string },
): Promise<Description> {
  const card = await cardOf(store, model, { ...options, reads: new ServedReads() });
  const { runsCode } = card.facts;
  const shown = {
    ...cutCard(card),
    facts: { ...card.facts, ...runsCode && { runsCode: firstFitting(runsCode, SHORT_LIST) } },
    files: firstFitting(card.files, LONG_LIST),
  };
  const document = cardDocument(reference, shown, { card: true, files: true });
  return { ...document, fileCount: card.files.length };
}

/** The manifests of an index, or the files of an artifact, and how many they are. */
function partsOf(document: ManifestDocument): Description {
  if (document.kind === "index") {
    const manifests = firstFitting(document.manifests.map(partOf), LONG_LIST);
    return { manifests, manifestCount: document.manifests.length };
  }
  const files = document.layers.map((layer) => {
    const { annotations } = layer;
    const title = annotations?.["org.opencontainers.image.title"];
    return { path: layerPath(annotations) ?? title ?? "", ...partOf(layer) };
  });
  return { files: firstFitting(files, LONG_LIST), fileCount: files.length };
}

function partOf({ mediaType, digest, size }: Descriptor) {
  return { mediaType, digest, size };
}

/** Tags that are looked at to find those that name an artifact. */
const MOST_TAGS = 100;

/** The tags that name a manifest, among the newest by their names. */
async function tagsNaming(
  store: ContentStore,
  { digest }: Descriptor,
  options: OperationOptions,
): Promise<readonly string[]> {
  const found: string[] = [];
  const { newest } = await newestTags(store, MOST_TAGS, options);
  for (const tag of newest) {
    try {
      if ((await store.resolve(tag, options)).digest === digest) found.push(tag);
    } catch (error) {
      // A tag that cannot be read names nothing.
      options.signal?.throwIfAborted();
      if (!(error instanceof ModelOpsError)) throw error;
    }
  }
  return found;
}

/**
 * The tensors of a model in the order of the files, and how many were read.
 * @throws {NotFoundError} when there is no such artifact.
 * @throws {UnsupportedError} saying what it is when it is no model.
 */
export async function describeTensors(
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<Description> {
  const model = await modelAt(store, target, options);
  const card = await cardOf(store, model, {
    ...options,
    onlyTensors: true,
    reads: new ServedReads(),
  });
  const shown = { ...cutCard(card), tensors: firstFitting(card.tensors, LONG_LIST) };
  return {
    ...cardDocument(nameOf(store, target), shown, { tensors: true }),
    tensorCount: card.unlisted.reduce(
      (sum, { tensorCount = 0 }) => sum + tensorCount,
      card.tensors.length,
    ),
  };
}

/**
 * The model of that name; who asks a server is not told of names near one that it does not have.
 */
export async function modelAt(
  store: ContentStore,
  target: string,
  options: OperationOptions,
): Promise<StoredModel> {
  const descriptor = await store.resolve(target, options);
  return await readModelAt(store, descriptor, { ...options, target });
}

/** A card without the end of what is long in none but hostile models. */
function cutCard(card: ModelCard): ModelCard {
  return {
    ...card,
    unread: firstFitting(card.unread, SHORT_LIST),
    unreadTensors: firstFitting(card.unreadTensors, LONG_LIST / 2),
    unlisted: firstFitting(card.unlisted, SHORT_LIST),
    warnings: firstFitting(card.warnings, SHORT_LIST),
  };
}

function nameOf({ name }: ContentStore, target: string): string {
  return `${name}${isDigest(target) ? "@" : ":"}${target}`;
}
