/**
 * Lists that come in pages.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 * @module
 */
import { InvalidInputError, TransferError } from "../core/errors.ts";
import { decodeJson, isRecord, MOST_LIST_VALUES } from "../core/json.ts";
import type { OperationOptions } from "../core/operation.ts";
import { timeInAll } from "../core/retry.ts";
import { collectGarbage } from "../core/runtime/garbage.ts";
import { compareText, quote } from "../core/text.ts";
import { discard, readBody } from "../http/bodies.ts";
import { nextPage } from "../http/link_header.ts";
import type { RegistrySession } from "./session.ts";

/** Names asked for at once; some registries take no more. */
const PAGE_SIZE = 1000;

/** The most of one page that is read. */
const PAGE_LIMIT = 8 * 1024 * 1024;

/** The most of all pages of one list: 370,000 names of forty letters. */
const LIST_LIMIT = 16 * 1024 * 1024;

/** The most names of one list: two million of five letters, as many bytes, took 190 MiB. */
const NAME_COUNT_LIMIT = 500_000;

/** A page of which what lies about after it was read is not worth a look. */
const SMALL_PAGE = 64 * 1024;

/** The most pages of one list, more than any real list has. */
const PAGE_COUNT_LIMIT = 10_000;

/** Pages that may hold next to nothing: a registry leaves out what its reader may not see. */
const EMPTY_PAGE_LIMIT = 250;

/** What any further page holds at least, in the middle of them all: some ten names. */
const PAGE_SIZE_EXPECTED = 1024;

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
 * @throws {TransferError} for pages that go round in circles, have no end, lead to another server,
 * or come so slowly that there might as well be no end.
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
  const time = timeInAll(session.retry);
  for (let url: URL | undefined = new URL(path, base); url;) {
    if (seen.has(url.href)) throw endless("its pages go round in circles");
    if (seen.size >= mostPages(size)) {
      throw endless(`it has more than ${seen.size} pages, of ${size} bytes in all`);
    }
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
      throw endless(`its next page is on another server, ${url.host || url.protocol}`);
    }
    const tooLittle = url && time.tooLittle(size);
    if (tooLittle !== undefined) throw endless(`${tooLittle}, in ${seen.size} pages`);
  }
}

/** How many pages a list may have that has so many bytes by now. */
function mostPages(size: number): number {
  return Math.min(EMPTY_PAGE_LIMIT + Math.floor(size / PAGE_SIZE_EXPECTED), PAGE_COUNT_LIMIT);
}

/**
 * The names of a list, each once, in bytewise order: the texts under `key` of all its pages. What
 * is not taken is told by the log, since who reads the list takes it for whole.
 * @throws {InvalidInputError} for a page that is no JSON or has no such list.
 * @throws {TransferError} for more names than any real list has, and as {@linkcode pages} does.
 */
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
  const leftOut = { count: 0, first: undefined as unknown };
  for await (const { bytes } of pages(session, `${path}?n=${PAGE_SIZE}`, options)) {
    for (const name of namesOf(decodeJson(bytes, what, MOST_LIST_VALUES), key, what)) {
      if (typeof name === "string" && accept(name)) found.add(name);
      else if (leftOut.count++ === 0) leftOut.first = name;
    }
    if (found.size > NAME_COUNT_LIMIT) {
      throw new TransferError(
        `Cannot ${options.action}: it has more than ${NAME_COUNT_LIMIT} names`,
        { registry: session.registry },
      );
    }
    if (bytes.byteLength > SMALL_PAGE) collectGarbage();
  }
  if (leftOut.count > 0) {
    const first = typeof leftOut.first === "string" ? quote(leftOut.first) : "what is no text";
    const names = leftOut.count === 1 ? first : `${leftOut.count} names such as ${first}`;
    session.log?.("warning", `Left out of the ${what}: ${names}, which no reference can have`);
  }
  yield* [...found].sort(compareText);
}

/** What a page lists; registries written in Go say `null` for an empty list. */
function namesOf(page: unknown, key: string, what: string): readonly unknown[] {
  const names = isRecord(page) ? page[key] : undefined;
  if (names === null) return [];
  if (Array.isArray(names)) return names;
  throw new InvalidInputError(`Cannot read ${what}: a page has no list ${quote(key)}`);
}
