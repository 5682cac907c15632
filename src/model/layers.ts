/**
 * Files as layers: what a layer is called, what it holds, and how it gets into a store.
 * @module
 */
import { type Compression, compressionOfMediaType } from "../archive/compression.ts";
import { packTar } from "../archive/tar_writer.ts";
import { type Digest, digestDocument, Digester, digestStream } from "../core/digest.ts";
import { type OperationOptions, operationOptions, type ProgressPhase } from "../core/operation.ts";
import { reported, reportSkipped, type SizedItem, watchedSource } from "../core/progress.ts";
import { IntegrityError } from "../core/errors.ts";
import { type BlobSource, bytesSource } from "../core/source.ts";
import { quote } from "../core/text.ts";
import type { DigestCache } from "../work/digest_cache.ts";
import { fileChanged } from "../core/file_source.ts";
import { localFile } from "../work/local_file.ts";
import { digested, readAll, streamOf } from "../core/streams.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { capability, type StoreCapabilities } from "../oci/capabilities.ts";
import { anonymousBlob, type ContentStore } from "../oci/store.ts";
import { encodeFileMetadata, type FileMetadata, fileMetadata } from "./file_metadata.ts";
import { FAMILIES, type LayerForm, layerMediaType } from "./media_types.ts";
import type { MediaTypeFamily } from "./operations.ts";
import { type OwnerNames, ROOT_OWNERS } from "./owner_names.ts";
import type { WorkspaceFile } from "./workspace.ts";

/** Files up to this size, in bytes, pass through memory. */
const SMALL = 1024 * 1024;

/** How files become layers. */
export interface LayerOptions {
  readonly family: MediaTypeFamily;
  readonly form: LayerForm;
  /** Seconds since the epoch that clamp every time; owners are then 0. */
  readonly sourceDateEpoch?: number;
  /** Names of owners for tar headers. */
  readonly owners: OwnerNames;
  /** Digests of files that were hashed before; every file is hashed without them. */
  readonly digests?: DigestCache;
}

/** A layer that is in its store. */
export interface StoredLayer {
  /** The layer as the manifest lists it. */
  readonly descriptor: Descriptor;
  /** Digest before compression, as the configuration lists it. */
  readonly diffId: Digest;
  /** Path of the file in the model. */
  readonly path: string;
}

/** The annotations of a file's layer. */
export function layerAnnotations(
  file: WorkspaceFile,
  options: LayerOptions,
): Readonly<Record<string, string>> {
  const names = FAMILIES[options.family];
  // In the bytewise order of the keys, as other tools write them.
  return {
    [names.fileMetadata]: encodeFileMetadata(metadataOf(file, options)),
    [names.filepath]: file.path,
  };
}

function metadataOf(file: WorkspaceFile, options: LayerOptions): FileMetadata {
  return fileMetadata(file, { sourceDateEpoch: options.sourceDateEpoch });
}

/**
 * The stage in which the bytes of files go into layers of a store. The size of a compressed layer
 * is known when it was hashed, so that is the stage which can be told ahead.
 */
export function layerPhase(
  store: ContentStore,
  { form }: Pick<LayerOptions, "form">,
): ProgressPhase {
  if (capability(store, "ingest")) return "pack";
  const inOnePass = capability(store, "writeStream") !== undefined;
  return inOnePass || compressionOfMediaType(form).name === "none" ? "upload" : "hash";
}

/** Packages a file and puts it into a store; a store that takes it in one pass has it read once. */
export async function storeLayer(
  store: ContentStore,
  file: WorkspaceFile,
  options: LayerOptions & OperationOptions,
): Promise<StoredLayer> {
  const source = await layerSource(file, options);
  const compression = compressionOfMediaType(options.form);
  const storing = { ...options, file, compression };
  const cached = options.form === "raw" ? await options.digests?.look(file.absolute) : undefined;
  const { blob, diffId } = await storeKnown(store, source, cached?.digest, storing) ??
    await storeHashed(store, source, storing);
  if (cached?.digest !== diffId) await cached?.remember(diffId);
  const descriptor: Descriptor = {
    mediaType: layerMediaType(file.kind, options),
    digest: blob.digest,
    size: blob.size,
    annotations: layerAnnotations(file, options),
  };
  return { descriptor, diffId, path: file.path };
}

/** The uncompressed content of a file's layer: the file itself, or a tar archive of it. */
async function layerSource(file: WorkspaceFile, options: LayerOptions): Promise<BlobSource> {
  const content = await localFile(file.absolute);
  if (content.size !== file.size || content.mtime !== file.mtime) throw fileChanged(file.absolute);
  if (options.form === "raw") return content;
  const { mode, uid, gid, mtime } = metadataOf(file, options);
  const owners = options.sourceDateEpoch === undefined ? options.owners : ROOT_OWNERS;
  const entry = {
    name: file.path,
    size: content.size,
    mode,
    uid,
    gid,
    uname: owners.user(uid),
    gname: owners.group(gid),
    mtime: new Date(mtime),
  };
  return packTar([{ entry, content }]);
}

/**
 * Stores a file whose digest is remembered: nothing is read where the store has it. A digest that
 * is not the file's after all is found out when the file is stored, and stores nothing.
 */
async function storeKnown(
  store: ContentStore,
  source: BlobSource,
  digest: Digest | undefined,
  options: StoringOptions,
): Promise<StoredBlob | undefined> {
  if (digest === undefined) return undefined;
  const blob = anonymousBlob(digest, source.size);
  try {
    await sendBlob(store, blob, source, options);
    return { blob, diffId: digest };
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    options.log?.("info", `Hashing ${quote(options.file.path)} again: it is not as remembered`);
    return undefined;
  }
}

async function storeHashed(
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
  const bytes = await readAll(await source.open({ signal: options.signal }), SMALL);
  const blob = anonymousBlob(await digestDocument(bytes), bytes.byteLength);
  await sendBlob(store, blob, bytesSource(bytes), options);
  return { blob, diffId: blob.digest };
}

/** Sends a blob that the store may have already. */
async function sendBlob(
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

interface StoringOptions extends OperationOptions {
  readonly file: WorkspaceFile;
  readonly compression: Compression;
}

interface StoredBlob {
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
  return await withProgress("upload", source, options, async (watched) => {
    if (options.compression.name === "none") {
      const { size } = source;
      const stream = await watched.open({ signal: options.signal });
      const blob = await write(stream, { ...operationOptions(options), size });
      return blob && { blob, diffId: blob.digest };
    }
    const { stream, digester } = await openDigested(watched, options);
    const blob = await write(stream, operationOptions(options));
    return blob && { blob, diffId: digester.digest() };
  });
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
  work: (watched: BlobSource) => Promise<Result>,
): Promise<Result> {
  return await reported(
    itemOf(phase, source.size, options),
    options,
    (onBytes) => work(watchedSource(source, onBytes)),
  );
}

function itemOf(
  phase: ProgressPhase,
  size: number,
  { file: { path } }: StoringOptions,
): SizedItem {
  return { id: path, phase, name: path, size };
}
