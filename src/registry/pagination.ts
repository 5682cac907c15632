/**
 * Lists that come in pages.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags and
 * RFC 8288
 * @module
 */
import { TransferError } from "../core/errors.ts";
import { decodeJson } from "../core/json.ts";
import type { OperationOptions } from "../core/operation.ts";
import { readBody } from "../http/bodies.ts";
import { nextPage } from "./link_header.ts";
import type { RegistrySession } from "./session.ts";

/** The most of one page that is read. */
const PAGE_LIMIT = 8 * 1024 * 1024;

/** The most pages of one list, more than any real list has. */
const PAGE_COUNT_LIMIT = 10_000;

/** A page that was read. */
export interface Page {
  /** The answer, whose body was read. */
  readonly response: Response;
  /** The body. */
  readonly bytes: Uint8Array<ArrayBuffer>;
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
  options: OperationOptions & {
    /** What is tried, for errors: `list the tags of "…"`. */
    readonly action: string;
    /** Statuses of the first page that mean that there is no list. */
    readonly missing: ReadonlySet<number>;
    readonly headers?: Readonly<Record<string, string>>;
  },
): AsyncGenerator<Page, void> {
  const { signal, action, headers } = options;
  const seen = new Set<string>();
  const base = await session.base(signal);
  for (let url: URL | undefined = new URL(path, base); url;) {
    if (seen.has(url.href)) throw endless(session, action, "its pages go round in circles");
    if (seen.size >= PAGE_COUNT_LIMIT) {
      throw endless(session, action, `it has more than ${PAGE_COUNT_LIMIT} pages`);
    }
    const response = await session.send("GET", url, { signal, headers });
    if (seen.size === 0 && options.missing.has(response.status)) {
      await response.body?.cancel();
      return;
    }
    if (response.status !== 200) throw await session.error(response, action);
    seen.add(url.href);
    const request = { url: url.href, signal, stallTime: session.retry.stallTime };
    yield { response, bytes: await readBody(response, request, PAGE_LIMIT) };
    url = nextPage(response.headers.get("Link"), url);
    if (url && url.origin !== base.origin) {
      throw endless(session, action, `its next page is on another server, ${url.host}`);
    }
  }
}

/** The texts under `key` of a page. */
export function pageNames(page: Page, key: string, what: string): string[] {
  const document = decodeJson(page.bytes, what);
  const names = (document as Readonly<Record<string, unknown>> | null)?.[key];
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

function endless(session: RegistrySession, action: string, reason: string): TransferError {
  return new TransferError(`Cannot ${action}: ${reason}`, { registry: session.registry });
}
