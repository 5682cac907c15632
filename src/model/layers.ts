/**
 * Files as layers: what a layer is called, what it holds, and how it gets into a store.
 * @module
 */
import { compressionOfMediaType } from "../archive/compression.ts";
import { packTar, tarSize } from "../archive/tar_writer.ts";
import { type Digest, digestDocument, digestHex, EMPTY_DIGEST } from "../core/digest.ts";
import { IntegrityError } from "../core/errors.ts";
import { fileChanged } from "../core/content/file_source.ts";
import { checkRoom } from "../core/folders/room.ts";
import type { OperationOptions, ProgressPhase } from "../core/operation.ts";
import { reportPlan, reportSkipped } from "../core/progress.ts";
import type { BlobSource } from "../core/content/source.ts";
import { quote } from "../core/text.ts";
import type { TarEntry } from "../archive/tar_header.ts";
import { capability } from "../oci/capabilities.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { anonymousBlob, type ContentStore } from "../oci/store.ts";
import type { CachedFile, DigestCache } from "../work/digest_cache.ts";
import { type LocalFile, localFile } from "../work/local_file.ts";
import { encodeFileMetadata, type FileMetadata, fileMetadata } from "./file_metadata.ts";
import {
  itemOf,
  sendBlob,
  type StoredBlob,
  storeHashed,
  type StoringOptions,
} from "./layer_content.ts";
import { FAMILIES, type LayerForm, layerMediaType } from "./media_types.ts";
import type { MediaTypeFamily } from "./operations/packaging.ts";
import { type OwnerNames, ROOT_OWNERS } from "./owner_names.ts";
import type { WorkspaceFile } from "./workspace.ts";

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

/** Tells of the layers that files become in a store, before their bytes move. */
export function planLayers(
  store: ContentStore,
  files: readonly WorkspaceFile[],
  options: LayerOptions & OperationOptions,
): void {
  const sized = files.map((file) => ({ size: layerSize(file, options) }));
  reportPlan(layerPhase(store, options), sized, options);
}

/** Bytes of a file's layer before compression. */
function layerSize(file: WorkspaceFile, options: LayerOptions): number {
  return options.form === "raw" ? file.size : tarSize(tarEntry(file, options));
}

/**
 * Makes sure that layers fit on the disk of a store, as far as anybody knows before they are made:
 * of compressed ones nobody does. Of files that were never hashed only the largest counts, since
 * the store may have the others, and finds out when it has taken them in.
 * @throws {TransferError} when they certainly do not.
 */
export async function checkLayersRoom(
  store: ContentStore,
  files: readonly WorkspaceFile[],
  options: LayerOptions & OperationOptions,
): Promise<void> {
  const roomFor = capability(store, "roomFor");
  if (roomFor === undefined || compressionOfMediaType(options.form).name !== "none") return;
  const { folder } = roomFor(anonymousBlob(EMPTY_DIGEST, 0));
  await checkRoom(folder, {
    most: files.reduce((sum, file) => sum + layerSize(file, options), 0),
    exact: async () => {
      const known = new Map<Digest, number>();
      let largest = 0;
      for (const file of files) {
        const size = layerSize(file, options);
        const { digest } = options.form === "raw"
          ? options.digests?.look(file.absolute, (await fileContent(file)).info) ?? {}
          : {};
        if (digest === undefined) largest = Math.max(largest, size);
        else known.set(digest, roomFor(anonymousBlob(digest, size)).bytes);
      }
      return [...known.values()].reduce((sum, bytes) => sum + bytes, largest);
    },
    copies: options.form === "raw",
  });
}

/**
 * The stage in which the bytes of files go into layers of a store. The size of a compressed layer
 * is known when it was hashed, so that is the stage which can be told ahead.
 */
function layerPhase(
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
  const content = await fileContent(file);
  const source = options.form === "raw" ? content : packedSource(file, content, options);
  const compression = compressionOfMediaType(options.form);
  const storing = { ...options, file, compression };
  const cached = options.digests?.look(file.absolute, content.info);
  const { blob, diffId } = options.form === "raw"
    ? await storeRaw(store, source, { ...storing, cached })
    : await storePacked(store, source, { ...storing, cached });
  const descriptor: Descriptor = {
    mediaType: layerMediaType(file.kind, options),
    digest: blob.digest,
    size: blob.size,
    annotations: layerAnnotations(file, options),
  };
  return { descriptor, diffId, path: file.path };
}

function ownersOf({ sourceDateEpoch, owners }: Pick<LayerOptions, "sourceDateEpoch" | "owners">) {
  return sourceDateEpoch === undefined ? owners : ROOT_OWNERS;
}

/** A file that is still what it was when the workspace was examined. */
async function fileContent(file: WorkspaceFile): Promise<LocalFile> {
  const content = await localFile(file.absolute);
  if (content.size !== file.size || content.mtime !== file.mtime) throw fileChanged(file.absolute);
  return content;
}

/** A file's layer before compression: a tar archive of it. */
function packedSource(file: WorkspaceFile, content: BlobSource, options: LayerOptions): BlobSource {
  return packTar([{ entry: tarEntry(file, options), content }]);
}

/** A file as an entry of its archive. */
function tarEntry(file: WorkspaceFile, options: LayerOptions): TarEntry {
  const { mode, uid, gid, mtime } = metadataOf(file, options);
  const owners = ownersOf(options);
  return {
    name: file.path,
    size: file.size,
    mode,
    uid,
    gid,
    uname: owners.user(uid),
    gname: owners.group(gid),
    mtime: new Date(mtime),
  };
}

interface CachedStoring extends StoringOptions {
  readonly cached: CachedFile | undefined;
}

/** Stores a file as it is. */
async function storeRaw(
  store: ContentStore,
  source: BlobSource,
  { cached, ...options }: CachedStoring,
): Promise<StoredBlob> {
  const stored = await storeKnown(store, source, cached?.digest, options) ??
    await storeHashed(store, source, options);
  if (cached?.digest !== stored.diffId) await cached?.remember(stored.diffId);
  return stored;
}

/** Stores an archive of a file; one that was made before and is there still is not made again. */
async function storePacked(
  store: ContentStore,
  source: BlobSource,
  { cached, ...options }: CachedStoring & LayerOptions,
): Promise<StoredBlob> {
  const form = cached && await packedForm(options);
  const known = form && cached.packed(form);
  if (known && await store.has(anonymousBlob(known.digest, known.size), options)) {
    reportSkipped(itemOf(layerPhase(store, options), source.size, options), options);
    return { blob: known, diffId: known.diffId };
  }
  const stored = await storeHashed(store, source, options);
  const { blob: { digest, size }, diffId } = stored;
  if (form) await cached.rememberPacked(form, { digest, size, diffId });
  return stored;
}

/** A hash of all that an archive of a file depends on beside its bytes. */
async function packedForm(
  { file, form, sourceDateEpoch, ...options }: LayerOptions & { readonly file: WorkspaceFile },
): Promise<string> {
  const { mode, uid, gid, mtime } = fileMetadata(file, { sourceDateEpoch });
  const owners = ownersOf({ sourceDateEpoch, ...options });
  const facts = [form, file.path, mode, uid, gid, mtime, owners.user(uid), owners.group(gid)];
  return digestHex(await digestDocument(new TextEncoder().encode(JSON.stringify(facts))));
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
