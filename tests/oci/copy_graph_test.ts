import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { AccessDeniedError, NotFoundError } from "../../src/core/errors.ts";
import type { ItemProgress, ProgressEvent } from "../../src/core/operation.ts";
import { copyGraph, type CopyGraphOptions } from "../../src/oci/copy_graph.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryCatalog, memoryStore } from "../../src/oci/memory_store.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { type ContentStore, storeSource } from "../../src/oci/store.ts";
import { tempFolder } from "../support/temp.ts";
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

Deno.test("copyGraph() tags the root when all of it is there, and again when it was there", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  for (const tag of ["v1", "v2"]) {
    await copyGraph(from, to, sample.manifest, { tag });
    assert.equal((await to.resolve(tag)).digest, sample.manifest.digest);
  }
});

Deno.test("copyGraph() gives no tag to a root that is left out", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  await copyGraph(from, to, sample.manifest, { tag: "v1", before: () => "skip" });
  await assert.rejects(to.resolve("v1"), NotFoundError);
});

Deno.test("copyGraph() skips a blob the target already has", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  await to.write(sample.layer, bytesSource(sample.layerBytes));
  assert.equal((await copyGraph(from, to, sample.manifest)).skipped, 1);
});

Deno.test("copyGraph() has written nothing of what the target has in another repository", async () => {
  await using folder = await tempFolder();
  const from = memoryStore("from");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  const catalog = diskCatalog(folder.path);
  assert.equal((await copyGraph(from, catalog.repository("one"), sample.manifest)).copied, 3);
  const states: string[] = [];
  const progress = (event: ProgressEvent) => void states.push(event.state);
  const report = await copyGraph(from, catalog.repository("two"), sample.manifest, { progress });
  assert.deepEqual(report, { copied: 0, skipped: 3, bytes: 0 });
  assert.deepEqual(states.filter((state) => state === "done"), []);
  assert(await catalog.repository("two").has(sample.layer));
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

/** Writes an index of two artifacts that share their configuration, one of them listed twice. */
async function writeIndex(store: ContentStore) {
  const one = sampleArtifact("one");
  const two = sampleArtifact("two");
  await writeSample(store, one);
  await writeSample(store, two);
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: MediaType.imageIndex,
    manifests: [one.manifest, two.manifest, one.manifest],
  }));
  const index = describeBytes(MediaType.imageIndex, bytes);
  await store.write(index, bytesSource(bytes));
  return { one, two, index };
}

Deno.test("copyGraph() copies an index with the manifests it lists, each blob once", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const { index } = await writeIndex(from);
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
  const layer = events.filter((event): event is ItemProgress =>
    event.state !== "plan" && event.name === "weights"
  );
  assert.deepEqual(layer.map((event) => [event.phase, event.state, event.bytes, event.size]), [
    ["upload", "start", 0, 7],
    ["upload", "advance", 7, 7],
    ["upload", "done", 7, 7],
  ]);
});

Deno.test("copyGraph() tells what there is to do before the first byte moves", async () => {
  const from = memoryStore("from");
  const { one, two, index } = await writeIndex(from);
  const to = memoryStore("to");
  await to.write(one.config, storeSource(from, one.config));
  const events: ProgressEvent[] = [];
  await copyGraph(from, to, index, { progress: (event) => events.push(event) });
  const [plan, ...items] = events;
  const all = [index, one.manifest, one.config, one.layer, two.manifest, two.layer];
  const size = all.reduce((sum, each) => sum + each.size, 0);
  assert.deepEqual(plan, { state: "plan", phase: "copy", files: 2, size });
  assert.ok(items.every(({ state }) => state !== "plan"));
  const ended = items.filter(({ state }) => state === "done" || state === "skip");
  assert.equal(ended.reduce((sum, { size }) => sum + size, 0), size);
});

Deno.test("copyGraph() names all that a manifest in the target settles", async () => {
  await using folder = await tempFolder();
  const local = diskCatalog(folder.path).repository("models");
  const sample = sampleArtifact();
  await writeSample(local, sample);
  const other = memoryStore("registry");
  await writeSample(other, sample);
  for (const [from, to] of [[local, other], [other, local]] as const) {
    const events: ProgressEvent[] = [];
    const report = await copyGraph(from, to, sample.manifest, {
      progress: (event) => events.push(event),
    });
    const skipped = events.filter(({ state }) => state === "skip");
    const { manifest, config, layer } = sample;
    assert.deepEqual(
      skipped.map(({ size }) => size).sort(),
      [manifest.size, config.size, layer.size].sort(),
    );
    assert.deepEqual(report, { copied: 0, skipped: 1, bytes: 0 });
  }
});

Deno.test("copyGraph() stops with the signal's own reason", async () => {
  const from = memoryStore("from");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(copyGraph(from, memoryStore(), sample.manifest, { signal }), /enough/);
});

/** Names of what a copy of the two artifacts and their index calls its hooks with, in order. */
async function hookCalls(options: CopyGraphOptions = {}) {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const { one, two, index } = await writeIndex(from);
  const names = new Map([
    [one.layer.digest, "layer one"],
    [two.layer.digest, "layer two"],
    [one.config.digest, "config"],
    [one.manifest.digest, "one"],
    [two.manifest.digest, "two"],
    [index.digest, "index"],
  ]);
  const nameOf = ({ digest }: Descriptor) => names.get(digest) ?? digest;
  const before: string[] = [];
  const after: string[] = [];
  const report = await copyGraph(from, to, index, {
    concurrency: 1,
    before(descriptor) {
      before.push(nameOf(descriptor));
      return options.before?.(descriptor);
    },
    after: (descriptor) => void after.push(nameOf(descriptor)),
  });
  return { before, after, report, to, one, two, index };
}

Deno.test("copyGraph() tells of each node once: before it on the way down, after it on the way up", async () => {
  const { before, after } = await hookCalls();
  assert.deepEqual(before, ["index", "one", "two", "layer one", "config", "layer two"]);
  assert.deepEqual(after, ["layer one", "config", "one", "layer two", "two", "index"]);
});

Deno.test("copyGraph() leaves out what a hook skips, and what is below it", async () => {
  const two = sampleArtifact("two").manifest;
  const { before, after, report, to } = await hookCalls({
    before: ({ digest }) => digest === two.digest ? "skip" : undefined,
  });
  assert.deepEqual(before, ["index", "one", "two", "layer one", "config"]);
  assert.deepEqual(after, ["layer one", "config", "one", "index"]);
  assert.deepEqual([report.copied, report.skipped], [4, 1]);
  assert.equal(await to.has(two), false);
  assert.equal(await to.has(sampleArtifact("two").layer), false);
});

Deno.test("copyGraph() ends with the error of a hook, and without what it was about", async () => {
  const from = memoryStore("from");
  const to = memoryStore("to");
  const { two, index } = await writeIndex(from);
  const before = ({ digest }: Descriptor) => {
    if (digest === two.manifest.digest) throw new AccessDeniedError("Cannot copy: not signed");
  };
  await assert.rejects(copyGraph(from, to, index, { before }), AccessDeniedError);
  assert.equal(await to.has(two.manifest), false);
  assert.equal(await to.has(two.layer), false);
  assert.equal(await to.has(index), false);
});

Deno.test("copyGraph() tells its hooks of what is mounted, and not of what is there", async () => {
  const catalog = memoryCatalog();
  const from = catalog.repository("from");
  const to = catalog.repository("to");
  const sample = sampleArtifact();
  await writeSample(from, sample);
  await to.write(sample.config, bytesSource(sample.configBytes));
  const after: string[] = [];
  await copyGraph(from, to, sample.manifest, { after: ({ digest }) => void after.push(digest) });
  assert.deepEqual(after, [sample.layer.digest, sample.manifest.digest]);
});
