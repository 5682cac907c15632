/**
 * What a client wants to be true before it is answered (RFC 9110 §13): what it knows is not sent
 * again, and a tag that others have moved meanwhile is left alone.
 * @module
 */
import { type Digest, isDigest } from "../core/digest.ts";
import { NotFoundError } from "../core/errors.ts";
import { pLimit } from "../deps/p-limit.ts";
import { isTag } from "../oci/reference.ts";
import type { Exchange } from "./exchange.ts";
import { RegistryFault } from "./fault.ts";

/** The validator of content: its digest, quoted (RFC 9110 §8.8.3). */
export function entityTag(digest: Digest): string {
  return `"${digest}"`;
}

/**
 * The answer to a client that has this content already; `undefined` when it is to be sent. It has
 * the headers that are given, which name the content's entity tag.
 * @throws {RegistryFault} of status 412 when the client wants another content than this.
 */
export function notModified(
  request: Request,
  digest: Digest,
  headers: Readonly<Record<string, string>> = { etag: entityTag(digest) },
): Response | undefined {
  requireMatch(request.headers.get("if-match"), digest);
  if (!names(request.headers.get("if-none-match"), digest)) return undefined;
  return new Response(null, { status: 304, headers });
}

/** Writes that depend on what is there, one at a time: of two that expect the same one is right. */
const conditionalWrites = pLimit(1);

/**
 * Writes to the manifest that a request names, if that is what the client expects it to be.
 * @throws {RegistryFault} of status 412 when it is not, and nothing was written.
 */
export async function ifExpected(
  exchange: Exchange,
  write: () => Promise<Response>,
): Promise<Response> {
  const { headers } = exchange.request;
  if (!headers.has("if-match") && !headers.has("if-none-match")) return await write();
  return await conditionalWrites(async () => {
    const digest = await currentDigest(exchange);
    requireMatch(headers.get("if-match"), digest);
    if (names(headers.get("if-none-match"), digest)) throw unexpected();
    return await write();
  });
}

/** What the target of a request is now; `undefined` when there is nothing. */
async function currentDigest({ store, target, operation }: Exchange): Promise<Digest | undefined> {
  if (!isTag(target) && !isDigest(target)) return undefined;
  try {
    return (await store.resolve(target, operation)).digest;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function requireMatch(wanted: string | null, digest: Digest | undefined): void {
  if (wanted !== null && !names(wanted, digest)) throw unexpected();
}

/** Whether a list of entity tags has that of a content; `*` is any. */
function names(list: string | null, digest: Digest | undefined): boolean {
  if (list === null || digest === undefined) return false;
  return list.trim() === "*" ||
    list.split(",").some((tag) => tag.trim().replace(/^W\//, "") === entityTag(digest));
}

function unexpected(): RegistryFault {
  return new RegistryFault("DENIED", {
    status: 412,
    message: "The content is not the one that the request expects",
  });
}
