/**
 * Lists that come in pages.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 * @module
 */
import { TransferError } from "../core/errors.ts";
import { decodeJson, MOST_LIST_VALUES } from "../core/json.ts";
import type { OperationOptions } from "../core/operation.ts";
import { compareText } from "../core/text.ts";
import { discard, readBody } from "../http/bodies.ts";
import { nextPage } from "../http/link_header.ts";
import type { RegistrySession } from "./session.ts";

/** Names asked for at once; some registries take no more. */
const PAGE_SIZE = 1000;

/** The most of one page that is read. */
const PAGE_LIMIT = 8 * 1024 * 1024;

/** The most of all pages of one list: a million names of forty letters. */
const LIST_LIMIT = 64 * 1024 * 1024;

/** The most pages of one list, more than any real list has. */
const PAGE_COUNT_LIMIT = 10_000;

/** How to get a list. */
interface PagesOptions extends OperationOptions {
  /** What is tried, for errors: `list the tags of "…"`. */
  readonly action: string;
  /** Statuses of the first page that mean that there is no list. */
  readonly missing?: ReadonlySet<number>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The pages of a list, from `path` (`/v2/…`) on. A first page that is missing ends the list at once
 * when `missing` says that its status means an empty list.
 * @throws {TransferError} for pages that go round in circles, have no end, or lead to another
 * server.
 */
export async function* pages(
  session: RegistrySession,
  path: string,
  options: PagesOptions,
): AsyncGenerator<{ response: Response; bytes: Uint8Array<ArrayBuffer> }, void> {
  const { signal, action, headers } = options;
  const endless = (reason: string) =>
    new TransferError(`Cannot ${action}: ${reason}`, { registry: session.registry });
  const seen = new Set<string>();
  let size = 0;
  const base = await session.base(signal);
  for (let url: URL | undefined = new URL(path, base); url;) {
    if (seen.has(url.href)) throw endless("its pages go round in circles");
    if (seen.size >= PAGE_COUNT_LIMIT) throw endless(`it has more than ${PAGE_COUNT_LIMIT} pages`);
    const parts = { signal, headers, bodyLimit: PAGE_LIMIT };
    const response = await session.send("GET", url, parts);
    if (seen.size === 0 && options.missing?.has(response.status)) return await discard(response);
    if (response.status !== 200) throw await session.error(response, action);
    seen.add(url.href);
    const request = { url: url.href, signal, stallTime: session.retry.stallTime };
    const bytes = await readBody(response, request, PAGE_LIMIT);
    size += bytes.byteLength;
    if (size > LIST_LIMIT) throw endless(`it has more than ${LIST_LIMIT} bytes`);
    yield { response, bytes };
    url = nextPage(response.headers.get("Link"), url);
    if (url && url.origin !== base.origin) {
      throw endless(`its next page is on another server, ${url.host}`);
    }
  }
}

/** The names of a list, each once, in bytewise order: the texts under `key` of all its pages. */
export async function* listNames(
  session: RegistrySession,
  path: string,
  options: PagesOptions & {
    /** Where a page has its names: `tags`. */
    readonly key: string;
    /** What a page is, for errors. */
    readonly what: string;
    /** Whether a name is taken. */
    readonly accept: (name: string) => boolean;
  },
): AsyncGenerator<string, void> {
  const { key, what, accept } = options;
  const found = new Set<string>();
  for await (const { bytes } of pages(session, `${path}?n=${PAGE_SIZE}`, options)) {
    const document = decodeJson(bytes, what, MOST_LIST_VALUES) as
      | Readonly<Record<string, unknown>>
      | null;
    const names = document?.[key];
    if (!Array.isArray(names)) continue;
    for (const name of names) if (typeof name === "string" && accept(name)) found.add(name);
  }
  yield* [...found].sort(compareText);
}
