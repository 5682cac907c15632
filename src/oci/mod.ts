/**
 * OCI artifacts: documents, references, stores, and the one mover of content between stores.
 *
 * A store is whatever can check, open and write content: {@linkcode memoryStore}, the repositories
 * of {@linkcode diskCatalog} and those of a registry. {@linkcode copyGraph} moves an artifact from
 * any of them to any other.
 *
 * @example Copy an artifact from one store to another
 * ```ts
 * import assert from "node:assert/strict";
 * import { bytesSource, copyGraph, describeBytes } from "@modelops/modelops/oci";
 * import { MediaType, memoryStore } from "@modelops/modelops/oci";
 *
 * const here = memoryStore("here");
 * const there = memoryStore("there");
 * const put = async (mediaType: string, text: string) => {
 *   const bytes = new TextEncoder().encode(text);
 *   const descriptor = describeBytes(mediaType, bytes);
 *   await here.write(descriptor, bytesSource(bytes));
 *   return descriptor;
 * };
 * const config = await put("application/vnd.example.config.v1+json", "{}");
 * const layers = [await put("application/vnd.example.layer.v1", "content")];
 * const manifest = { schemaVersion: 2, mediaType: MediaType.imageManifest, config, layers };
 * const root = await put(MediaType.imageManifest, JSON.stringify(manifest));
 *
 * const { copied } = await copyGraph(here, there, root);
 * await there.tag(root, "v1");
 * assert.equal(copied, 3);
 * assert.equal((await there.resolve("v1")).digest, root.digest);
 * ```
 * @module
 */
export type { Digest, DigestAlgorithm } from "../core/digest.ts";
export { digestBytes, Digester, digestStream, isDigest, parseDigest } from "../core/digest.ts";
export {
  type BlobSource,
  type ByteRange,
  bytesSource,
  type OpenOptions,
  type ProgressNotes,
  type ToFileOptions,
} from "../core/content/source.ts";
export {
  type FileFacts,
  type FileSource,
  fileSource,
  type FileSourceOptions,
} from "../core/content/file_source.ts";
export {
  type AppendOptions,
  capability,
  type Capable,
  type EarlierName,
  type Ingest,
  type LocalCapabilities,
  type Origin,
  type ReferrerOptions,
  type StoreCapabilities,
  type StoreRoom,
  type WriteStreamOptions,
} from "./capabilities.ts";
export { copyGraph, type CopyGraphOptions, type CopyReport } from "./copy_graph.ts";
export type { CopyDecision } from "./copy_plan.ts";
export { type Annotations, describeBytes, type Descriptor } from "./descriptor.ts";
export { filtered, type Visible } from "./filtered.ts";
export { diskCatalog, type LocalCatalog } from "./disk_catalog.ts";
export type { LocalRepository } from "./parts/repository.ts";
export { type Index, type Manifest, type ManifestDocument, parseManifest } from "./manifest.ts";
export { MediaType } from "./media_types.ts";
export { memoryCatalog, type MemoryStore, memoryStore } from "./memory_store.ts";
export type { StoreUsage, UploadAgeOptions } from "./disk/housekeeping.ts";
export type { EvictionOptions } from "./disk/eviction.ts";
export type { UnfinishedContent } from "./disk/unfinished.ts";
export type { PruneReport, PruneStoreOptions } from "./prune.ts";
export { readOnly } from "./read_only.ts";
export { formatReference, parseReference, type Reference } from "./reference.ts";
export {
  type Catalog,
  type ContentStore,
  type GiveTagOptions,
  type OpenContentOptions,
  type TagOptions,
  type WriteContentOptions,
} from "./store.ts";
export type {
  DamagedContent,
  VerifiedArtifact,
  VerifyRoot,
  VerifyStoreOptions,
  VerifyStoreReport,
} from "./verify.ts";
export { wrapped } from "./wrapped.ts";
