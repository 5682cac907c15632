import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/source.ts";
import { NotFoundError } from "../../src/core/errors.ts";
import type { ProgressEvent } from "../../src/core/operation.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryCatalog, memoryStore } from "../../src/oci/memory_store.ts";
import { sampleArtifact, writeSample } from "../conformance/store.ts";

Deno.test("copyGraph() copies an artifact whole, and nothing the second time", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  const first = await copyGraph(from, to, sample.manifest);
  assert.deepEqual(first, {
    copied: 3,
    skipped: 0,
    bytes: sample.layer.size + sample.config.size + sample.manifest.size,
  });
  const second = await copyGraph(from, to, sample.manifest);
  assert.deepEqual(second, { copied: 0, skipped: 1, bytes: 0 });
});

Deno.test("copyGraph() skips a blob the target already has", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  await to.write(sample.layer, bytesSource(sample.layerBytes));
  assert.equal((await copyGraph(from, to, sample.manifest)).skipped, 1);
});

Deno.test("copyGraph() mounts where the target can", async () => {
  const catalog = memoryCatalog();
  const from = catalog.repository("from");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  const report = await copyGraph(from, catalog.repository("to"), sample.manifest);
  assert.deepEqual([report.copied, report.skipped], [1, 2]);
});

Deno.test("copyGraph() writes the manifest last, and not at all when a layer fails", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const sample = sampleArtifact();
  await from.write(sample.manifest, bytesSource(sample.bytes));
  await from.write(sample.config, bytesSource(sample.configBytes));
  await assert.rejects(copyGraph(from, to, sample.manifest, { concurrency: 1 }), NotFoundError);
  assert.equal(await to.has(sample.manifest), false);
});

Deno.test("copyGraph() copies an index with the manifests it lists, each blob once", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const one = sampleArtifact("one");
  const two = sampleArtifact("two");
  await writeSample(from, one);
  await writeSample(from, two);
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: MediaType.imageIndex,
    manifests: [one.manifest, two.manifest, one.manifest],
  }));
  const index = describeBytes(MediaType.imageIndex, bytes);
  await from.write(index, bytesSource(bytes));
  const report = await copyGraph(from, to, index);
  // Two layers, one shared configuration, two manifests, the index.
  assert.equal(report.copied, 6);
  assert.equal((await to.resolve(index.digest)).mediaType, MediaType.imageIndex);
});

Deno.test("copyGraph() tells how far each piece is", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  const events: ProgressEvent[] = [];
  await copyGraph(from, to, sample.manifest, {
    phase: "upload",
    describe: (descriptor) => descriptor.digest === sample.layer.digest ? "weights" : undefined,
    progress: (event) => events.push(event),
  });
  const layer = events.filter((event) => event.name === "weights");
  assert.deepEqual(layer.map((event) => [event.phase, event.state, event.bytes, event.size]), [
    ["upload", "start", 0, 7],
    ["upload", "advance", 7, 7],
    ["upload", "done", 7, 7],
  ]);
});

Deno.test("copyGraph() stops with the signal's own reason", async () => {
  const from = memoryStore("from");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(copyGraph(from, memoryStore(), sample.manifest, { signal }), /enough/);
});
