/**
 * What a request asks for, as it was sent.
 * @module
 */
import { clientOf } from "./connection.ts";

/** Path and query of a request. */
export interface RequestTarget {
  /** The path, still encoded. */
  readonly path: string;
  /** The parameters behind it. */
  readonly query: URLSearchParams;
}

/**
 * Path and query as they were sent. A `URL` would resolve `..` first, and a proxy that decides by
 * path would then have seen another path than the registry.
 */
export function targetOf(request: Request): RequestTarget {
  const text = clientOf(request)?.target ?? request.url;
  const [, path = "", query = ""] = /^(?:[a-z]+:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i
    .exec(text) ?? [];
  return { path, query: new URLSearchParams(query) };
}
