/**
 * The artifacts of the local store.
 * @module
 */
import { FirstItems } from "../../core/lists/first_items.ts";
import { compareText } from "../../core/text.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { ManifestDocument } from "../../oci/manifest.ts";
import { type Catalog, type ContentStore, readManifest } from "../../oci/store.ts";
import { artifactKind, isModel } from "../artifact_kind.ts";
import { formatTime } from "../file_metadata.ts";
import { artifactSize, readModelConfig } from "../model_manifest.ts";
import type { ListedModel, ListOptions, ListResult } from "../operations/looking.ts";

/** Lists every tag of every repository; a tag that cannot be read is a warning, not an end. */
export async function listModels(
  catalog: Catalog,
  { limit = Infinity, kind, ...options }: ListOptions = {},
): Promise<ListResult> {
  const newest = new FirstItems<ListedModel>({ compare: newestFirst, limit });
  const warnings: string[] = [];
  for await (const name of catalog.repositories(options)) {
    const store = catalog.repository(name);
    for await (const tag of store.tags(options)) {
      options.signal?.throwIfAborted();
      try {
        const model = await listedModel(store, tag, options);
        if (kind === undefined || model.kind === kind) newest.add(model);
      } catch (error) {
        options.signal?.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        warnings.push(`Skipped ${name}:${tag}: ${reason}`);
      }
    }
  }
  return { models: newest.finish(), warnings };
}

/** What a tag names. */
export async function listedModel(
  store: ContentStore,
  tag: string,
  options: OperationOptions,
): Promise<ListedModel> {
  const descriptor = await store.resolve(tag, options);
  const document = await readManifest(store, descriptor, options);
  const createdAt = await creationTime(store, document, options);
  return {
    repository: store.name,
    tag,
    kind: artifactKind(document).name,
    digest: descriptor.digest,
    size: artifactSize(descriptor, document),
    createdAt: createdAt && formatTime(Date.parse(createdAt)),
  };
}

/**
 * When an artifact says that it was made: a model in its configuration, others beside it;
 * `undefined` where what it says is no time.
 */
export async function creationTime(
  store: ContentStore,
  document: ManifestDocument,
  options: OperationOptions,
): Promise<string | undefined> {
  const time = document.kind === "manifest" && isModel(document)
    ? (await readModelConfig(store, document, options)).descriptor.createdAt
    : document.annotations["org.opencontainers.image.created"];
  return Number.isNaN(Date.parse(time ?? "")) ? undefined : time;
}

/** The order of listings: newest first, then by name. */
export function newestFirst(a: ListedModel, b: ListedModel): number {
  const time = (model: ListedModel) => model.createdAt ? Date.parse(model.createdAt) : -Infinity;
  const [left, right] = [time(a), time(b)];
  if (left !== right) return right > left ? 1 : -1;
  return compareText(`${a.repository}:${a.tag}`, `${b.repository}:${b.tag}`);
}
