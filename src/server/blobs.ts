/**
 * Blobs, whole and in ranges.
 * See https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs
 * @module
 */
import { capability } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { MediaType } from "../oci/media_types.ts";
import { openAnswer } from "./bodies/answers.ts";
import { statBlob } from "./blob_facts.ts";
import { type Exchange, promiseIfPossible, requireDigest } from "./exchange.ts";
import { RegistryFault } from "./fault.ts";
import { entityTag, notModified } from "./preconditions.ts";
import { type BoundedRange, parseByteRange } from "./ranges.ts";

/** Sends a blob, or one range of it (end-2). */
export async function getBlob(exchange: Exchange): Promise<Response> {
  const { request } = exchange;
  const blob = await requestedBlob(exchange);
  const known = notModified(request, blob.digest);
  if (known) return known;
  const range = requestedRange(request, blob);
  const body = await openAnswer(exchange, blob, range);
  const headers = blobHeaders(blob, range);
  return new Response(body, { status: range ? 206 : 200, headers });
}

/** Tells whether a blob is here, and its size (end-2). */
export async function headBlob(exchange: Exchange): Promise<Response> {
  const blob = await requestedBlob(exchange);
  await promiseIfPossible(exchange, blob);
  return notModified(exchange.request, blob.digest) ??
    new Response(null, { headers: blobHeaders(blob) });
}

/** Removes a blob from the repository (end-10). */
export async function deleteBlob(exchange: Exchange): Promise<Response> {
  const { store, operation } = exchange;
  const remove = capability(store, "delete");
  if (!remove) throw new RegistryFault("UNSUPPORTED");
  await remove(await requestedBlob(exchange), operation);
  return new Response(null, { status: 202 });
}

async function requestedBlob(exchange: Exchange): Promise<Descriptor> {
  return await statBlob(exchange.store, requireDigest(exchange.target), exchange.operation);
}

/** The range to send; `undefined` for everything. */
function requestedRange(request: Request, blob: Descriptor): BoundedRange | undefined {
  const condition = request.headers.get("if-range");
  if (condition !== null && condition !== entityTag(blob.digest)) return undefined;
  const range = parseByteRange(request.headers.get("range"), blob.size);
  if (range === "whole") return undefined;
  if (range !== "unsatisfiable") return range;
  throw new RegistryFault("SIZE_INVALID", {
    status: 416,
    message: "The range lies outside the blob",
    headers: { "content-range": `bytes */${blob.size}` },
  });
}

function blobHeaders(blob: Descriptor, range?: BoundedRange): Record<string, string> {
  const { start, end } = range ?? { start: 0, end: blob.size };
  return {
    "accept-ranges": "bytes",
    "content-length": `${end - start}`,
    "content-type": MediaType.octetStream,
    "docker-content-digest": blob.digest,
    etag: entityTag(blob.digest),
    ...(range ? { "content-range": `bytes ${start}-${end - 1}/${blob.size}` } : {}),
  };
}
