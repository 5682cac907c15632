/**
 * A planned bundle as content: its documents and files in a store that nothing was written to yet.
 * @module
 */
import { bytesSource } from "../../core/content/source.ts";
import { digestHex } from "../../core/digest.ts";
import { memoryStore } from "../../oci/memory_store.ts";
import { type OverlayStore, overlayStore } from "../../oci/overlay_store.ts";
import type { BundleEntry } from "../documents/bundle.ts";
import { anonymousBlob } from "../../oci/store.ts";
import { fileMediaType } from "../documents/media_types.ts";
import { type PlacedFile, placedFiles, type StoragePlan } from "./plan.ts";
import { writeDocuments, type WrittenBundle } from "../documents/writer.ts";

/** Writes the documents of a plan and lays them and the files over an empty store. */
export async function bundleContents(
  plan: StoragePlan,
): Promise<{ written: WrittenBundle; store: OverlayStore }> {
  const { spec } = plan.inventory;
  const written = writeDocuments({
    ...spec,
    layers: plan.layers.map(({ name, files }) => ({ name, entries: files.map(entryOf) })),
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

function entryOf({ path, layer, mode, size, digest, decision }: PlacedFile): BundleEntry {
  const common = { path, layer, mode };
  if (decision.kind === "registry") {
    return { ...common, kind: "registry", blob: anonymousBlob(digest, size) };
  }
  const { uri, tier } = decision;
  return { ...common, kind: "external", uri, tier, sha256: digestHex(digest), size };
}
