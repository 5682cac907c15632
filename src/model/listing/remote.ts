/**
 * What a registry holds: its repositories, and the tags of one of them.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { ModelOpsError, NotFoundError, UnsupportedError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import { newestTags } from "../../oci/tags/near.ts";
import type { Catalog, ContentStore } from "../../oci/store.ts";
import type {
  ListedModel,
  ListOptions,
  RemoteRepositories,
  RemoteTags,
} from "../operations/looking.ts";
import { listedModel, newestFirst } from "./local.ts";

/** Tags or repositories that are listed where nobody says how many. */
const USUAL_LIMIT = 100;

/**
 * Lists the tags of a repository: those that are read are the newest by their names, since their
 * times are only known when they were read. A tag that cannot be read is a warning.
 * @throws {NotFoundError} when the registry does not know the repository, or it has no tags.
 */
export async function remoteTags(
  store: ContentStore,
  { limit = USUAL_LIMIT, kind, ...options }: ListOptions = {},
): Promise<RemoteTags> {
  const names = await newestTags(store, limit, options);
  if (names.total === 0) {
    const [registry] = store.name.split("/");
    const list = kind === "bundle" ? "modelops bundle list" : "modelops list";
    throw new NotFoundError(`Cannot list the tags of ${quote(store.name)}: it has none`, {
      reference: store.name,
      remedy: `run \`${list} ${registry}\` to see what is there`,
    });
  }
  const warnings: string[] = [];
  const read = await mapConcurrent(
    names.newest,
    (tag) => readable(store, tag, { warnings, options }),
    options,
  );
  const found = read.filter((tag) => tag !== undefined);
  const tags = found.filter((tag) => kind === undefined || tag.kind === kind).sort(newestFirst);
  const total = names.total - (found.length - tags.length);
  return { repository: store.name, tags, total, warnings };
}

async function readable(
  store: ContentStore,
  tag: string,
  { warnings, options }: { readonly warnings: string[]; readonly options: OperationOptions },
): Promise<ListedModel | undefined> {
  try {
    return await listedModel(store, tag, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ModelOpsError)) throw error;
    warnings.push(`Skipped ${tag}: ${error.message}`);
    return undefined;
  }
}

/** Whether a tag of a repository names an artifact of a kind. */
async function holdsKind(
  store: ContentStore,
  kind: string,
  { warnings, options }: { readonly warnings: string[]; readonly options: OperationOptions },
): Promise<boolean> {
  try {
    for (const tag of (await newestTags(store, Infinity, options)).newest) {
      if ((await readable(store, tag, { warnings, options }))?.kind === kind) return true;
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ModelOpsError)) throw error;
    // A catalogue may name what is gone, and has no tags.
    if (!(error instanceof NotFoundError)) warnings.push(`Skipped ${store.name}: ${error.message}`);
  }
  return false;
}

/** Statuses by which registries without a catalogue answer. */
const NO_CATALOGUE = new Set([404, 405, 501]);

/**
 * Lists the repositories of a registry; of a kind, those of which a tag names one: a catalogue says
 * nothing of kinds, so their tags are read, the newest first, until one is found.
 * @throws {UnsupportedError} when the registry has no catalogue.
 */
export async function remoteRepositories(
  registry: string,
  catalog: Catalog,
  { limit = USUAL_LIMIT, kind, ...options }: ListOptions = {},
): Promise<RemoteRepositories> {
  try {
    const all = await Array.fromAsync(catalog.repositories(options));
    const warnings: string[] = [];
    const has = async (name: string) =>
      kind === undefined || await holdsKind(catalog.repository(name), kind, { warnings, options });
    const held = await mapConcurrent(all, has, options);
    const names = all.filter((_, index) => held[index]);
    const repositories = names.slice(0, limit).map((name) => `${registry}/${name}`);
    return { registry, repositories, total: names.length, warnings };
  } catch (error) {
    const status = error instanceof ModelOpsError ? error.facts.status : undefined;
    if (!NO_CATALOGUE.has(status ?? 0)) throw error;
    throw new UnsupportedError(
      `Cannot list the repositories of ${quote(registry)}: it has no catalogue`,
      { registry, status, remedy: `name a repository: modelops list ${registry}/…`, cause: error },
    );
  }
}
