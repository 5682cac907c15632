/**
 * Blob uploads: whole, in chunks, streamed, or taken over from another repository.
 * See https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { IntegrityError, InvalidInputError, NotFoundError } from "../core/errors.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { anonymousBlob } from "../oci/store.ts";
import { capability, type Ingest } from "../oci/capabilities.ts";
import { statBlob } from "./blob_facts.ts";
import { contentLength, receiveBody } from "./bodies/body.ts";
import { type Exchange, promiseContent, repositoryPath, requireDigest } from "./exchange.ts";
import { RegistryFault } from "./fault.ts";
import { inStep } from "../work/in_step.ts";
import { isServedName } from "./name_rules.ts";
import { parseContentRange, uploadRange } from "./ranges.ts";
import { requireCapability, type UploadState } from "./upload_sessions.ts";

/**
 * Starts an upload (end-4a), takes a whole blob (end-4b), or mounts one (end-11). A mount that is
 * not possible starts an upload instead.
 */
export async function startUpload(exchange: Exchange): Promise<Response> {
  const { query } = exchange;
  const mount = query.get("mount");
  if (mount !== null && await mountBlob(exchange, requireDigest(mount))) {
    return await created(exchange, requireDigest(mount));
  }
  const digest = query.get("digest");
  if (digest !== null) return await receiveBlob(exchange, requireDigest(digest));
  const ingest = requireCapability(exchange.store, "ingest");
  await using upload = await inStep(() => ingest(exchange.operation));
  return new Response(null, { status: 202, headers: uploadHeaders(exchange, upload) });
}

async function mountBlob(exchange: Exchange, digest: Digest): Promise<boolean> {
  const { store, catalog, operation } = exchange;
  const from = exchange.query.get("from");
  const mount = capability(store, "mount");
  if (from === null || !isServedName(from) || !mount) return false;
  try {
    const source = catalog.repository(from);
    const blob = await statBlob(source, digest, operation);
    const origin = capability(source, "origin")?.(blob);
    return origin !== undefined && await mount(blob, origin, operation);
  } catch (error) {
    // A name that the store cannot have is one more repository that does not have the blob.
    if (error instanceof NotFoundError || error instanceof InvalidInputError) return false;
    throw error;
  }
}

/** Takes a blob in one request. A failure leaves nothing, since nobody knows the upload's name. */
async function receiveBlob(exchange: Exchange, digest: Digest): Promise<Response> {
  const ingest = requireCapability(exchange.store, "ingest");
  await using upload = await inStep(() => ingest(exchange.operation));
  try {
    await appendBody(exchange, upload);
    return await finish(exchange, upload, digest);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** Adds a chunk, or a stream of unknown length, at the end of an upload (end-5). */
export async function continueUpload(exchange: Exchange): Promise<Response> {
  return await exchange.uploads.use(exchange, async (upload, cancelled) => {
    await appendBody(exchange, upload, cancelled);
    return new Response(null, { status: 202, headers: uploadHeaders(exchange, upload) });
  });
}

/** Ends an upload, perhaps with its last bytes, and makes it a blob (end-6). */
export async function finishUpload(exchange: Exchange): Promise<Response> {
  const digest = requireDigest(exchange.query.get("digest"));
  return await exchange.uploads.use(exchange, async (upload, cancelled) => {
    await appendBody(exchange, upload, cancelled);
    return await finish(exchange, upload, digest);
  });
}

/** Tells how much of an upload is here (end-13), also while it is being written. */
export async function uploadStatus(exchange: Exchange): Promise<Response> {
  const { uploads } = exchange;
  const state = uploads.active(exchange) ?? await uploads.use(exchange, stateOf);
  return new Response(null, { status: 204, headers: uploadHeaders(exchange, state) });
}

async function stateOf({ id, size }: UploadState): Promise<UploadState> {
  return { id, size };
}

/** Forgets an upload, also one that another request is writing to. */
export async function cancelUpload(exchange: Exchange): Promise<Response> {
  await exchange.uploads.interrupt(exchange);
  return await exchange.uploads.use(exchange, async (upload) => {
    await upload.abort();
    return new Response(null, { status: 204 });
  });
}

/** Appends the body; a chunk that says where it belongs must belong at the end. */
async function appendBody(
  exchange: Exchange,
  upload: Ingest,
  cancelled?: AbortSignal,
): Promise<void> {
  const { request, operation } = exchange;
  const length = contentLength(request);
  const range = parseContentRange(request.headers.get("content-range"));
  if (range === "malformed") {
    throw new RegistryFault("BLOB_UPLOAD_INVALID", { message: "Content-Range is malformed" });
  }
  if (range && range.start !== upload.size) {
    throw new RegistryFault("BLOB_UPLOAD_INVALID", {
      status: 416,
      message: "The chunk does not start where the upload ends",
      details: [{ expected: upload.size, actual: range.start }],
      headers: uploadHeaders(exchange, upload),
    });
  }
  const expected = range ? range.end - range.start : length;
  if (length !== undefined && expected !== length) {
    throw new RegistryFault("SIZE_INVALID", { details: [{ expected, actual: length }] });
  }
  // A chunk that says where it belongs has others behind it, unless its request ends the upload.
  const isRest = request.method !== "PATCH" || range === undefined;
  const body = receiveBody(request, { expected, signal: cancelled });
  await upload.append(body, { ...operation, isRest });
}

async function finish(exchange: Exchange, upload: Ingest, digest: Digest): Promise<Response> {
  // A large one has much to hash, so the others do not wait for it.
  await giveWay();
  try {
    await upload.commit(digest, exchange.operation);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    const { expected, actual } = error.facts;
    throw new RegistryFault("DIGEST_INVALID", { details: [{ expected, actual }], cause: error });
  }
  return await created(exchange, digest);
}

async function created(exchange: Exchange, digest: Digest): Promise<Response> {
  await promiseContent(exchange, anonymousBlob(digest, 0));
  return new Response(null, {
    status: 201,
    headers: {
      location: `${repositoryPath(exchange)}/blobs/${digest}`,
      "docker-content-digest": digest,
    },
  });
}

/** The headers that tell a client where an upload stands and where to go on. */
function uploadHeaders(exchange: Exchange, { id, size }: UploadState): Record<string, string> {
  return {
    location: `${repositoryPath(exchange)}/blobs/uploads/${id}`,
    range: uploadRange(size),
    "docker-upload-uuid": id,
  };
}
