/**
 * Lists in pages: tags, repositories, referrers.
 * See https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-discovery
 * @module
 */
import { compareText } from "../core/files.ts";
import type { Digest } from "../core/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { MANIFEST_SIZE_LIMIT } from "../oci/manifest.ts";
import { MediaType } from "../oci/media_types.ts";
import { anonymousBlob, canListReferrers } from "../oci/store.ts";
import { type Exchange, repositoryPath, requireDigest } from "./exchange.ts";
import { RegistryFault } from "./fault.ts";

/** The most names on one page, which is also the page when nobody asks for a size. */
const PAGE_LIMIT = 10_000;

/** Bytes of descriptors on one page of referrers: its document must not be too large for a manifest. */
const REFERRERS_PAGE_SIZE = MANIFEST_SIZE_LIMIT - 1024;

interface Page<Item> {
  readonly items: readonly Item[];
  /** What the next page starts after; `undefined` on the last page. */
  readonly next?: string | undefined;
}

/** Lists the tags of a repository (end-8a, end-8b). */
export async function listTags(exchange: Exchange): Promise<Response> {
  const { name, store, operation } = exchange;
  const page = await readPage(store.tags(operation), exchange.query);
  if (page.items.length === 0 && !await exists(exchange)) throw new RegistryFault("NAME_UNKNOWN");
  const headers = linkHeader(`${repositoryPath(exchange)}/tags/list`, exchange.query, page);
  return Response.json({ name, tags: page.items }, { headers });
}

/** Lists the repositories, as the Distribution registry does. */
export async function listRepositories(exchange: Exchange): Promise<Response> {
  const page = await readPage(exchange.catalog.repositories(exchange.operation), exchange.query);
  const headers = linkHeader("/v2/_catalog", exchange.query, page);
  return Response.json({ repositories: page.items }, { headers });
}

/** Lists what refers to a manifest, as an index (end-12a, end-12b). */
export async function listReferrers(exchange: Exchange): Promise<Response> {
  const { query } = exchange;
  const digest = requireDigest(exchange.target);
  const artifactType = requestedArtifactType(query);
  const page = await readReferrers(exchange, digest, artifactType);
  const path = `${repositoryPath(exchange)}/referrers/${digest}`;
  const index = { schemaVersion: 2, mediaType: MediaType.imageIndex, manifests: page.items };
  return Response.json(index, {
    headers: {
      ...linkHeader(path, query, page),
      ...(artifactType ? { "oci-filters-applied": "artifactType" } : {}),
      "content-type": MediaType.imageIndex,
    },
  });
}

async function exists({ catalog, name, operation }: Exchange): Promise<boolean> {
  for await (const repository of catalog.repositories(operation)) {
    if (repository === name) return true;
  }
  return false;
}

/** The names after `last`, at most `n` of them. */
async function readPage(
  names: AsyncIterable<string>,
  query: URLSearchParams,
): Promise<Page<string>> {
  const limit = pageSize(query.get("n"));
  const last = query.get("last");
  const items: string[] = [];
  if (limit === 0) return { items };
  for await (const name of names) {
    if (last !== null && compareText(name, last) <= 0) continue;
    if (items.length === limit) return { items, next: items.at(-1) };
    items.push(name);
  }
  return { items };
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
  page: Page<unknown>,
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

/**
 * Referrers in the order of their digests, as many as fit on a page. Candidates for later pages are
 * dropped while reading, so memory is bounded by two pages however many referrers there are.
 */
async function readReferrers(
  exchange: Exchange,
  digest: Digest,
  artifactType: string | undefined,
): Promise<Page<Descriptor>> {
  const { store, operation } = exchange;
  if (!canListReferrers(store)) throw new RegistryFault("UNSUPPORTED", { status: 404 });
  const last = exchange.query.get("last") ?? "";
  const found = new ReferrersPage();
  const subject = anonymousBlob(digest, 0);
  for await (const referrer of store.referrers(subject, { ...operation, artifactType })) {
    if (referrer.digest > last) found.add(referrer);
  }
  return found.finish();
}

/** Keeps the first referrers, by digest, that fit on a page. */
class ReferrersPage {
  #items: Descriptor[] = [];
  #bytes = 0;
  #isComplete = true;

  add(referrer: Descriptor): void {
    this.#items.push(referrer);
    this.#bytes += sizeOnPage(referrer);
    if (this.#bytes > 2 * REFERRERS_PAGE_SIZE) this.#trim();
  }

  finish(): Page<Descriptor> {
    this.#trim();
    return { items: this.#items, next: this.#isComplete ? undefined : this.#items.at(-1)?.digest };
  }

  /** Drops what does not fit, but never the first: a page must get the reader further. */
  #trim(): void {
    const sorted = this.#items.sort((a, b) => compareText(a.digest, b.digest));
    this.#items = [];
    this.#bytes = 0;
    for (const referrer of sorted) {
      const size = sizeOnPage(referrer);
      if (this.#items.length > 0 && this.#bytes + size > REFERRERS_PAGE_SIZE) {
        this.#isComplete = false;
        return;
      }
      this.#items.push(referrer);
      this.#bytes += size;
    }
  }
}

/** Bytes of a descriptor in a list: its JSON and a comma. */
function sizeOnPage(referrer: Descriptor): number {
  return new TextEncoder().encode(JSON.stringify(referrer)).byteLength + 1;
}
