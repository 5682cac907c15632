/**
 * Lists in pages: tags, repositories, referrers.
 * See https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-discovery
 * @module
 */
import { jsonResponse } from "./documents.ts";
import { pLimit } from "../deps/p-limit.ts";
import type { Digest } from "../core/digest.ts";
import { capability } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { MANIFEST_SIZE_LIMIT } from "../oci/manifest.ts";
import { MediaType } from "../oci/media_types.ts";
import { anonymousBlob } from "../oci/store.ts";
import { type Exchange, repositoryPath, requireDigest } from "./exchange.ts";
import { RegistryFault } from "./fault.ts";
import { type ListPage, type PageRules, readPage } from "./list_page.ts";

/** The most names on one page, which is also the page when nobody asks for a size. */
const PAGE_LIMIT = 10_000;

/** Bytes of descriptors on a page of referrers: a quarter of what a manifest may have. */
const REFERRERS_PAGE_SIZE = MANIFEST_SIZE_LIMIT / 4;

/**
 * Pages of referrers that are made at once; made of documents, each takes much more than it has.
 */
const makingPages = pLimit(2);

/** Lists the tags of a repository (end-8a, end-8b). */
export async function listTags(exchange: Exchange): Promise<Response> {
  const { name, store, operation } = exchange;
  const after = exchange.query.get("last") ?? "";
  const page = await readNames(store.tags({ ...operation, after }), exchange.query);
  if (page.items.length === 0 && !await hasTags(exchange) && !await exists(exchange)) {
    throw new RegistryFault("NAME_UNKNOWN");
  }
  const headers = linkHeader(`${repositoryPath(exchange)}/tags/list`, exchange.query, page);
  return jsonResponse({ name, tags: page.items }, { headers });
}

/** Lists the repositories, as the Distribution registry does. */
export async function listRepositories(exchange: Exchange): Promise<Response> {
  const page = await readNames(exchange.catalog.repositories(exchange.operation), exchange.query);
  const headers = linkHeader("/v2/_catalog", exchange.query, page);
  return jsonResponse({ repositories: page.items }, { headers });
}

/** Lists what refers to a manifest, as an index (end-12a, end-12b). */
export async function listReferrers(exchange: Exchange): Promise<Response> {
  const { query } = exchange;
  const digest = requireDigest(exchange.target);
  const artifactType = requestedArtifactType(query);
  const page = await readReferrers(exchange, digest, artifactType);
  const path = `${repositoryPath(exchange)}/referrers/${digest}`;
  const index = { schemaVersion: 2, mediaType: MediaType.imageIndex, manifests: page.items };
  return jsonResponse(index, {
    headers: {
      ...linkHeader(path, query, page),
      ...(artifactType ? { "oci-filters-applied": "artifactType" } : {}),
      "content-type": MediaType.imageIndex,
    },
  });
}

/** Whether a repository has any tag, which tells that it exists without a look at all of them. */
async function hasTags({ store, operation }: Exchange): Promise<boolean> {
  // Behind none: such a list comes from what is remembered.
  for await (const _tag of store.tags({ ...operation, after: "" })) return true;
  return false;
}

/** Whether there is such a repository, be it without tags. */
export async function exists(
  { catalog, name, operation }: Pick<Exchange, "catalog" | "name" | "operation">,
): Promise<boolean> {
  for await (const repository of catalog.repositories(operation)) {
    if (repository === name) return true;
  }
  return false;
}

/** The names after `last`, at most `n` of them. */
async function readNames(
  names: AsyncIterable<string>,
  query: URLSearchParams,
): Promise<ListPage<string>> {
  const limit = pageSize(query.get("n"));
  if (limit === 0) return { items: [] };
  return await readPage(names, { limit, last: query.get("last") ?? "", nameOf: (name) => name });
}

function pageSize(text: string | null): number {
  if (text === null) return PAGE_LIMIT;
  if (/^[0-9]+$/.test(text)) return Math.min(Number(text), PAGE_LIMIT);
  throw new RegistryFault("PAGINATION_NUMBER_INVALID");
}

/** The `Link` to the next page (RFC 8288), with the other parameters of this one. */
function linkHeader(
  path: string,
  query: URLSearchParams,
  page: ListPage<unknown>,
): Record<string, string> {
  if (page.next === undefined) return {};
  const parameters = new URLSearchParams(query);
  parameters.set("last", page.next);
  return { link: `<${path}?${parameters}>; rel="next"` };
}

/** A plus sign that was not encoded reads as a space, and media types have no spaces. */
function requestedArtifactType(query: URLSearchParams): string | undefined {
  return query.get("artifactType")?.replaceAll(" ", "+") || undefined;
}

async function readReferrers(
  exchange: Exchange,
  digest: Digest,
  artifactType: string | undefined,
): Promise<ListPage<Descriptor>> {
  const { store, operation } = exchange;
  const referrers = capability(store, "referrers");
  if (!referrers) throw new RegistryFault("UNSUPPORTED", { status: 404 });
  const subject = anonymousBlob(digest, 0);
  const after = exchange.query.get("last") ?? "";
  const list = referrers(subject, { ...operation, artifactType, after });
  return await makingPages(() => readPage(list, { ...REFERRERS, last: after }));
}

/** What is on a page of referrers: an index, which must not be larger than a manifest may be. */
const REFERRERS: Omit<PageRules<Descriptor>, "last"> = {
  nameOf: ({ digest }) => digest,
  limit: REFERRERS_PAGE_SIZE,
  weightOf: jsonSize,
};

/** Bytes of a descriptor in a list: its JSON and a comma. */
function jsonSize(referrer: Descriptor): number {
  return new TextEncoder().encode(JSON.stringify(referrer)).byteLength + 1;
}
