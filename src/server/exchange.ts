/**
 * One request on its way to its answer, and what every endpoint asks of it.
 * @module
 */
import { type Digest, isDigest } from "../core/digest.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { capability } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Catalog, ContentStore } from "../oci/store.ts";
import { isUnstorable, RegistryFault } from "./fault.ts";
import type { UploadSessions } from "./upload_sessions.ts";

/** A request that was routed and let in. */
export interface Exchange {
  /** The request, its body not read yet. */
  readonly request: Request;
  /** Parameters of its query. */
  readonly query: URLSearchParams;
  /** Name of the repository; empty where the endpoint has none. */
  readonly name: string;
  /** The reference, digest or upload in the path; empty where the endpoint has none. */
  readonly target: string;
  /** All repositories. */
  readonly catalog: Catalog;
  /** The repository of that name. */
  readonly store: ContentStore;
  /** Whether the client may write to the registry. */
  readonly mayPush: boolean;
  /** Whether manifests are taken in whose content is not all here. */
  readonly sparse: boolean;
  /** The uploads that are being written. */
  readonly uploads: UploadSessions;
  /** Signal and log for the store. */
  readonly operation: OperationOptions;
}

/**
 * Keeps a content that a client is told to be here: it will leave it out of what it pushes. Who may
 * not push cannot count on it.
 */
export async function promiseContent(
  { store, mayPush, operation }: Exchange,
  descriptor: Descriptor,
): Promise<void> {
  if (mayPush) await capability(store, "promise")?.(descriptor, operation);
}

/**
 * Keeps a content that a client asked for, where the disk can note it. On one that is full or
 * read-only nothing can be pushed, but what is there can be read, and is asked for first.
 */
export async function promiseIfPossible(
  exchange: Exchange,
  descriptor: Descriptor,
): Promise<void> {
  try {
    await promiseContent(exchange, descriptor);
  } catch (error) {
    if (!isUnstorable(error)) throw error;
    exchange.operation.log?.("warning", "What a client was told of cannot be kept", { error });
  }
}

/** Opens a repository; a store may refuse names that the server's rules allow. */
export function openRepository(catalog: Catalog, name: string): ContentStore {
  try {
    return catalog.repository(name);
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw new RegistryFault("NAME_INVALID", { cause });
    throw cause;
  }
}

/** Answers a request. */
export type Action = (exchange: Exchange) => Promise<Response>;

/**
 * Reads a digest of a path or a query.
 * @throws {RegistryFault} when it is not a digest of a known algorithm.
 */
export function requireDigest(text: string | null): Digest {
  if (text !== null && isDigest(text)) return text;
  throw new RegistryFault("DIGEST_INVALID", {
    message: "Expected sha256: or sha512: and lower-case hexadecimal digits",
  });
}

/** Path of a repository under `/v2/`, relative to the host, so that a proxy may stand before it. */
export function repositoryPath(exchange: Pick<Exchange, "name">): string {
  return `/v2/${encodeURI(exchange.name)}`;
}
