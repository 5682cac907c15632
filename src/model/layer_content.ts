/**
 * The bytes of a layer on their way into a store: read once where the store allows that.
 * @module
 */
import type { Compression } from "../archive/compression.ts";
import { type Digest, digestDocument, Digester, digestStream } from "../core/digest.ts";
import { type OperationOptions, operationOptions, type ProgressPhase } from "../core/operation.ts";
import { reported, reportSkipped, type SizedItem, watchedSource } from "../core/progress.ts";
import { type BlobSource, bytesSource } from "../core/content/source.ts";
import { readSource } from "../core/content/read_source.ts";
import { digested, streamOf } from "../core/streams.ts";
import { capability, type StoreCapabilities } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { anonymousBlob, type ContentStore } from "../oci/store.ts";
import type { WorkspaceFile } from "./workspace.ts";

/** Files up to this size, in bytes, pass through memory. */
const SMALL = 1024 * 1024;

/** Stores content whose digest is not known: in one pass where the store can. */
export async function storeHashed(
  store: ContentStore,
  source: BlobSource,
  options: StoringOptions,
): Promise<StoredBlob> {
  if (source.size <= SMALL && options.compression.name === "none") {
    return await storeSmall(store, source, options);
  }
  const ingest = capability(store, "ingest");
  if (ingest) return await ingestLayer(ingest, source, options);
  const writeStream = capability(store, "writeStream");
  const sent = writeStream && await streamLayer(writeStream, source, options);
  return sent ?? await sendLayer(store, source, options);
}

/** A small file passes through memory, and is read once whatever the store can do. */
async function storeSmall(
  store: ContentStore,
  source: BlobSource,
  options: StoringOptions,
): Promise<StoredBlob> {
  const bytes = await readSource(source, { signal: options.signal });
  const blob = anonymousBlob(await digestDocument(bytes), bytes.byteLength);
  await sendBlob(store, blob, bytesSource(bytes), options);
  return { blob, diffId: blob.digest };
}

/** Sends a blob that the store may have already. */
export async function sendBlob(
  store: ContentStore,
  blob: Descriptor,
  source: BlobSource,
  options: StoringOptions,
): Promise<void> {
  // What stays on this machine is not called an upload.
  const phase = capability(store, "ingest") ? "pack" : "upload";
  if (await store.has(blob, options)) reportSkipped(itemOf(phase, blob.size, options), options);
  else await withProgress(phase, source, options, (watched) => store.write(blob, watched, options));
}

/** What is stored, and how. */
export interface StoringOptions extends OperationOptions {
  readonly file: WorkspaceFile;
  readonly compression: Compression;
}

/** A layer's content in its store. */
export interface StoredBlob {
  readonly blob: { readonly digest: Digest; readonly size: number };
  readonly diffId: Digest;
}

/** One pass: the store finds the digest while it writes. */
async function ingestLayer(
  start: StoreCapabilities["ingest"],
  source: BlobSource,
  options: StoringOptions,
): Promise<StoredBlob> {
  await using ingest = await start(options);
  try {
    const diffId = await withProgress("pack", source, options, async (watched) => {
      if (options.compression.name === "none") return await ingest.take(watched, options);
      const { stream, digester } = await openDigested(watched, options);
      await ingest.append(stream, options);
      return digester.digest();
    });
    return { blob: await ingest.commit(undefined, options), diffId };
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}

/** One pass to a store elsewhere; `undefined` when the store cannot do with one. */
async function streamLayer(
  write: StoreCapabilities["writeStream"],
  source: BlobSource,
  options: StoringOptions,
): Promise<StoredBlob | undefined> {
  return await withProgress("upload", source, options, async (watched, endAs) => {
    const sent = await sendWatched(write, watched, options);
    if (sent === undefined) endAs("fail");
    return sent;
  });
}

async function sendWatched(
  write: StoreCapabilities["writeStream"],
  watched: BlobSource,
  options: StoringOptions,
): Promise<StoredBlob | undefined> {
  if (options.compression.name === "none") {
    const { size } = watched;
    const stream = await watched.open({ signal: options.signal });
    const blob = await write(stream, { ...operationOptions(options), size });
    return blob && { blob, diffId: blob.digest };
  }
  const { stream, digester } = await openDigested(watched, options);
  const blob = await write(stream, operationOptions(options));
  return blob && { blob, diffId: digester.digest() };
}

/** Two passes: the digest first, so that content the store has already is not sent at all. */
async function sendLayer(
  store: ContentStore,
  source: BlobSource,
  options: StoringOptions,
): Promise<StoredBlob> {
  const { diffId, found } = await withProgress("hash", source, options, async (watched) => {
    const { stream, digester } = await openDigested(watched, options);
    const found = await digestStream(stream, { signal: options.signal });
    return { diffId: digester.digest(), found };
  });
  const packed: BlobSource = {
    size: found.size,
    open: async ({ range, signal } = {}) => {
      if (options.compression.name === "none") return await source.open({ range, signal });
      const { stream } = await openDigested(source, { ...options, signal });
      return streamOf(slice(stream, range?.start ?? 0, range?.end ?? found.size));
    },
  };
  await sendBlob(store, anonymousBlob(found.digest, found.size), packed, options);
  return { blob: found, diffId };
}

/** The stream that becomes the blob, and what hashes its uncompressed form on the way. */
async function openDigested(
  source: BlobSource,
  options: StoringOptions,
): Promise<{ stream: ReadableStream<Uint8Array>; digester: Digester }> {
  const digester = new Digester();
  const stream = streamOf(digested(await source.open({ signal: options.signal }), digester));
  return { stream: options.compression.compress(stream), digester };
}

/** The bytes from `start` up to `end` of a stream that can only be read from its beginning. */
async function* slice(
  stream: ReadableStream<Uint8Array>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void> {
  let position = 0;
  for await (const chunk of stream) {
    const part = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
    position += chunk.byteLength;
    if (part.byteLength > 0) yield part;
    if (position >= end) return;
  }
}

async function withProgress<Result>(
  phase: ProgressPhase,
  source: BlobSource,
  options: StoringOptions,
  work: (watched: BlobSource, endAs: (end: "fail") => void) => Promise<Result>,
): Promise<Result> {
  return await reported(
    itemOf(phase, source.size, options),
    options,
    (onBytes, endAs) => work(watchedSource(source, onBytes), endAs),
  );
}

/** A file as progress names it. */
export function itemOf(
  phase: ProgressPhase,
  size: number,
  { file: { path } }: StoringOptions,
): SizedItem {
  return { id: path, phase, name: path, size };
}
