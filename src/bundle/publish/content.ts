/**
 * A planned bundle as content: its documents and files in a store that nothing was written to yet.
 * @module
 */
import { bytesSource } from "../../core/source.ts";
import { digestHex } from "../../core/digest.ts";
import { memoryStore } from "../../oci/memory_store.ts";
import { type OverlayStore, overlayStore } from "../../oci/overlay_store.ts";
import type { IndexEntry } from "../documents/layer_index.ts";
import { fileMediaType } from "../documents/media_types.ts";
import { type PlacedFile, placedFiles, type StoragePlan } from "./plan.ts";
import { writeDocuments, type WrittenBundle } from "../documents/writer.ts";

/** A bundle that can be copied out of its store. */
export interface BundleContents {
  /** The documents. */
  readonly written: WrittenBundle;
  /** Everything the manifest refers to, and the manifest. */
  readonly store: OverlayStore;
}

/** Writes the documents of a plan and lays them and the files over an empty store. */
export async function bundleContents(plan: StoragePlan): Promise<BundleContents> {
  const { spec } = plan.inventory;
  const written = writeDocuments({
    name: spec.name,
    version: spec.version,
    description: spec.description,
    roles: spec.roles,
    layers: plan.layers.map(({ name, files }) => ({ name, entries: files.map(indexEntry) })),
  });
  const store = overlayStore(memoryStore(plan.inventory.workdir));
  for (const file of placedFiles(plan)) {
    if (file.decision.kind === "external") continue;
    const { path, digest, size, source } = file;
    await store.write({ mediaType: fileMediaType(path), digest, size }, source);
  }
  for (const { descriptor, bytes } of [...written.documents, written.manifest]) {
    await store.write(descriptor, bytesSource(bytes));
  }
  return { written, store };
}

function indexEntry({ path, mode, size, digest, decision }: PlacedFile): IndexEntry {
  if (decision.kind === "registry") {
    return { path, mode, storage: { kind: "registry", digest, size } };
  }
  const { uri, tier } = decision;
  return { path, mode, storage: { kind: "external", uri, tier, sha256: digestHex(digest), size } };
}
