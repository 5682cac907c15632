/** Graphs that are as large as they may be, and larger. */
import assert from "node:assert/strict";
import { InvalidInputError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { type MemoryStore, memoryStore } from "../../src/oci/memory_store.ts";
import { wrapped } from "../../src/oci/wrapped.ts";
import { sampleArtifact, writeSample } from "../conformance/store.ts";

/** Puts an index of these manifests into a store. */
async function putIndex(store: MemoryStore, manifests: readonly Descriptor[]): Promise<Descriptor> {
  const document = { schemaVersion: 2, mediaType: MediaType.imageIndex, manifests };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const index = describeBytes(MediaType.imageIndex, bytes);
  await store.write(index, bytesSource(bytes));
  return index;
}

Deno.test("copyGraph() follows indexes eight deep, and refuses deeper ones", async () => {
  const from = memoryStore("from");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  let root = sample.manifest;
  for (let depth = 1; depth <= 30; depth++) {
    root = await putIndex(from, [root]);
    const copying = copyGraph(from, memoryStore("to"), root);
    if (depth <= 8) assert.equal((await copying).copied, 3 + depth);
    else {
      await assert.rejects(copying, {
        name: "InvalidInputError",
        message: /indexes are nested more than 8 deep$/,
      });
    }
  }
});

/** A manifest that nobody has, by its number. */
const numbered = (number: number): Descriptor => ({
  mediaType: MediaType.imageManifest,
  digest: `sha256:${number.toString(16).padStart(64, "0")}`,
  size: 1,
});

/** Copies an index whose own indexes list so many manifests in all, which the target has. */
async function copyListing(count: number): Promise<void> {
  const from = memoryStore("from");
  const indexes: Descriptor[] = [];
  for (let at = 0; at < count; at += 20_000) {
    const length = Math.min(20_000, count - at);
    indexes.push(await putIndex(from, Array.from({ length }, (_, index) => numbered(at + index))));
  }
  const root = await putIndex(from, indexes);
  const to = memoryStore("to");
  const target = wrapped(to, {
    has: (descriptor, options) =>
      descriptor.size === 1 ? Promise.resolve(true) : to.has(descriptor, options),
    write: () => Promise.resolve(),
    capabilities: {},
  });
  await copyGraph(from, target, root);
}

Deno.test("copyGraph() takes 200000 contents, and refuses more before it moves any", async () => {
  // The indexes count as well: ten of them, and the root.
  const most = 200_000 - 11;
  await copyListing(most);
  for (const more of [most + 1, 230_000]) {
    await assert.rejects(copyListing(more), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      return error.message.endsWith("there are more than 200000 contents in all");
    });
  }
});
