/**
 * Manifests and indexes, by tag and by digest, byte for byte as they came.
 * See https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests
 * @module
 */
import { type Digest, digestAlgorithm, digestBytes, isDigest } from "../core/digest.ts";
import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  UnsupportedError,
} from "../core/errors.ts";
import { giveBack } from "../core/buffers.ts";
import { mapConcurrent } from "../core/concurrency.ts";
import { bytesSource } from "../core/content/source.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { inTurn } from "../work/turns.ts";
import { capability } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import {
  children,
  MANIFEST_SIZE_LIMIT,
  type ManifestDocument,
  parseLongManifest,
} from "../oci/manifest.ts";
import { isManifestType } from "../oci/media_types.ts";
import { isTag } from "../oci/reference.ts";
import { describeManifest, openVerified, readContent } from "../oci/store.ts";
import { openAnswer } from "./bodies/answers.ts";
import { withDocument } from "./bodies/document_body.ts";
import {
  type Exchange,
  promiseContent,
  promiseIfPossible,
  repositoryPath,
  requireDigest,
} from "./exchange.ts";
import { RegistryFault } from "./fault.ts";
import { inStep } from "../work/in_step.ts";
import { entityTag, ifExpected, notModified } from "./preconditions.ts";

/** Larger manifests are not kept in memory while a client reads them, which may be slowly. */
const SENT_AT_ONCE = 16 * 1024;

/** Descriptors that are looked for before it is counted how many are unknown. */
const CHECKED_TOGETHER = 50;

/** Unknown descriptors named in one error document. */
const REPORTED_LIMIT = 100;

/** Sends a manifest (end-3). Its bytes are verified first, so a damaged one is never served. */
export async function getManifest(exchange: Exchange): Promise<Response> {
  const { request, store, operation } = exchange;
  const descriptor = await requestedManifest(exchange);
  const known = notModified(request, descriptor.digest);
  if (known) return known;
  const headers = manifestHeaders(descriptor);
  if (descriptor.size <= SENT_AT_ONCE) {
    return new Response(await readContent(store, descriptor, operation), { headers });
  }
  for await (const piece of await openVerified(store, descriptor, operation)) giveBack(piece);
  return new Response(await openAnswer(exchange, descriptor), { headers });
}

/** Tells whether a manifest is here, and its type, digest and size (end-3). */
export async function headManifest(exchange: Exchange): Promise<Response> {
  const manifest = await requestedManifest(exchange);
  // Whoever asks by a tag wants to read it, or to move the tag.
  if (isDigest(exchange.target)) await promiseIfPossible(exchange, manifest);
  return notModified(exchange.request, manifest.digest) ??
    new Response(null, { headers: manifestHeaders(manifest) });
}

/** Takes a manifest in and lets a tag name it (end-7). */
export async function putManifest(exchange: Exchange): Promise<Response> {
  const { request, target, query } = exchange;
  const tags = writtenTags(target, query);
  return await withDocument(request, MANIFEST_SIZE_LIMIT, async (bytes) => {
    await giveWay();
    const [document, digest] = await inTurn(
      bytes.byteLength,
      async () => [
        await readManifestBody(bytes, request.headers.get("content-type")),
        bodyDigest(bytes, target),
      ],
    );
    const take = () => takeManifest(exchange, document, { digest, tags });
    return await ifExpected(exchange, take);
  });
}

async function takeManifest(
  exchange: Exchange,
  document: ManifestDocument,
  { digest, tags }: { readonly digest: Digest; readonly tags: readonly string[] },
): Promise<Response> {
  const { store, target, operation } = exchange;
  const descriptor = describeManifest(document, digest);
  // What was found to be here must still be here when the manifest is.
  await using _lock = await capability(store, "deferPrune")?.(operation);
  await inStep(async () => {
    if (!exchange.sparse) await requireChildren(exchange, document);
    await store.write(descriptor, bytesSource(document.bytes), { ...operation, document });
    if (tags.length === 0) await promiseContent(exchange, descriptor);
    await giveTags(exchange, descriptor, tags);
  });
  const subject = capability(store, "referrers") ? document.subject : undefined;
  return new Response(null, {
    status: 201,
    headers: {
      location: `${repositoryPath(exchange)}/manifests/${descriptor.digest}`,
      "docker-content-digest": descriptor.digest,
      ...(subject ? { "oci-subject": subject.digest } : {}),
      ...(isDigest(target) && tags.length > 0 ? { "oci-tag": tags.join(", ") } : {}),
    },
  });
}

/** A manifest that is removed while it is given tags was here: its client may try again. */
async function giveTags(
  { store, operation }: Exchange,
  descriptor: Descriptor,
  tags: readonly string[],
): Promise<void> {
  try {
    for (const tag of tags) await store.tag(descriptor, tag, operation);
  } catch (cause) {
    if (!(cause instanceof NotFoundError)) throw cause;
    throw new ConflictError("Cannot tag a manifest: it was removed meanwhile", { cause });
  }
}

/** Removes a tag, or a manifest with all its tags (end-9). */
export async function deleteManifest(exchange: Exchange): Promise<Response> {
  const { store, target, operation } = exchange;
  const untag = capability(store, "untag");
  const remove = capability(store, "delete");
  if (!untag || !remove) throw new RegistryFault("UNSUPPORTED");
  return await ifExpected(exchange, async () => {
    if (isTag(target)) await untag(target, operation);
    else await remove(await requestedManifest(exchange), operation);
    return new Response(null, { status: 202 });
  });
}

async function requestedManifest({ store, target, operation }: Exchange): Promise<Descriptor> {
  if (target.includes(":")) return await store.resolve(requireDigest(target), operation);
  // What cannot be a tag is answered like a tag that does not exist.
  if (!isTag(target)) throw new RegistryFault("MANIFEST_UNKNOWN");
  return await store.resolve(target, operation);
}

function manifestHeaders(descriptor: Descriptor): Record<string, string> {
  return {
    "content-length": `${descriptor.size}`,
    "content-type": descriptor.mediaType,
    "docker-content-digest": descriptor.digest,
    etag: entityTag(descriptor.digest),
  };
}

/** The most tags that one manifest is given at once; the specification wants ten at least. */
const TAG_LIMIT = 100;

/**
 * The tags a manifest is written under: that of the path, or beside a digest those of the query.
 */
function writtenTags(target: string, query: URLSearchParams): readonly string[] {
  if (target.includes(":")) requireDigest(target);
  const tags = target.includes(":") ? [...new Set(query.getAll("tag"))] : [target];
  if (tags.length > TAG_LIMIT) {
    const message = `More than ${TAG_LIMIT} tags are given at once`;
    throw new RegistryFault("MANIFEST_INVALID", { status: 414, message });
  }
  if (tags.every(isTag)) return tags;
  throw new RegistryFault("MANIFEST_INVALID", {
    message: "The tag is malformed: expected letters, digits, _, . and -, at most 128 of them",
  });
}

/** The digest of the body, in the algorithm of the digest it is written under. */
function bodyDigest(bytes: Uint8Array, target: string): Digest {
  const actual = digestBytes(bytes, isDigest(target) ? digestAlgorithm(target) : "sha256");
  if (!isDigest(target) || actual === target) return actual;
  throw new RegistryFault("DIGEST_INVALID", { details: [{ expected: target, actual }] });
}

async function readManifestBody(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string | null,
): Promise<ManifestDocument> {
  const [mediaType = ""] = (contentType ?? "").split(";");
  try {
    return await parseLongManifest(bytes, mediaType.trim() || undefined);
  } catch (cause) {
    if (!(cause instanceof InvalidInputError || cause instanceof UnsupportedError)) throw cause;
    throw new RegistryFault("MANIFEST_INVALID", { message: cause.message.slice(0, 500), cause });
  }
}

/** Refuses a document whose content is not in the repository; its subject may come later. */
async function requireChildren(exchange: Exchange, document: ManifestDocument): Promise<void> {
  const all = children(document);
  const seen = new Set<Digest>();
  const unknown: Digest[] = [];
  // What is not reported is not looked for: a document may name tens of thousands.
  for (let at = 0; at < all.length && unknown.length < REPORTED_LIMIT; at += CHECKED_TOGETHER) {
    const some = all.slice(at, at + CHECKED_TOGETHER);
    const fresh = some.filter((child) => !seen.has(child.digest) && !isForeign(child));
    await giveWay();
    await mapConcurrent(fresh, async (child) => {
      seen.add(child.digest);
      if (!await hasChild(exchange, child)) unknown.push(child.digest);
    }, exchange.operation);
  }
  if (unknown.length === 0) return;
  const details = [...new Set(unknown)].slice(0, REPORTED_LIMIT).map((digest) => ({ digest }));
  throw new RegistryFault("MANIFEST_BLOB_UNKNOWN", { details });
}

/** Foreign layers name the place they are fetched from; no registry needs to hold them. */
function isForeign(descriptor: Descriptor): boolean {
  return "urls" in descriptor && Array.isArray(descriptor.urls) && descriptor.urls.length > 0;
}

/** Whether a child is in the repository. A manifest was complete when it came. */
async function hasChild({ store, operation }: Exchange, child: Descriptor): Promise<boolean> {
  if (!isManifestType(child.mediaType)) return await store.has(child, operation);
  try {
    await store.resolve(child.digest, operation);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
