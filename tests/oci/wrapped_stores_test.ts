import assert from "node:assert/strict";
import { isDigest } from "../../src/core/digest.ts";
import { AccessDeniedError, NotFoundError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { capability, type StoreCapabilities } from "../../src/oci/capabilities.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { filtered, type Visible } from "../../src/oci/filtered.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { readOnly } from "../../src/oci/read_only.ts";
import type { ContentStore } from "../../src/oci/store.ts";
import { sampleArtifact, storeConformance, writeSample } from "../conformance/store.ts";

const SECRET = sampleArtifact("secret");
const SHOWN = sampleArtifact("shown");

/**
 * Hides the manifest and the layer of the secret artifact, and every tag that calls itself hidden.
 */
const VISIBLE: Visible = (name) =>
  isDigest(name)
    ? name !== SECRET.manifest.digest && name !== SECRET.layer.digest
    : !name.startsWith("hidden");

/** A store with a secret in it, its filtered view, and a sibling of both. */
async function withSecret() {
  const catalog = memoryCatalog();
  const below = catalog.repository("registry.test/one");
  for (const item of [SECRET.layer, SECRET.manifest]) {
    const bytes = item === SECRET.layer ? SECRET.layerBytes : SECRET.bytes;
    await below.write(item, bytesSource(bytes));
  }
  await below.tag(SECRET.manifest, "hidden");
  const store = filtered(below, VISIBLE);
  return { below, store, sibling: catalog.repository("registry.test/two") };
}

storeConformance("filtered view of a store with a secret", async () => ({
  ...await withSecret(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));

/** A store that is written to directly and read through its read-only view. */
function readThrough(store: ContentStore): ContentStore {
  const view = readOnly(store);
  return {
    ...view,
    write: store.write.bind(store),
    tag: store.tag.bind(store),
    capabilities: { ...store.capabilities, ...view.capabilities },
  };
}

storeConformance("read-only view of a store that others write to", () => {
  const catalog = memoryCatalog();
  return Promise.resolve({
    store: readThrough(catalog.repository("registry.test/one")),
    sibling: catalog.repository("registry.test/two"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

Deno.test("a filtered view shows nothing of what is hidden", async () => {
  const { store } = await withSecret();
  for (const blob of [SECRET.layer, SECRET.manifest]) {
    assert.equal(await store.has(blob), false);
    await assert.rejects(store.open(blob), NotFoundError);
    await assert.rejects(async () => await capability(store, "stat")?.(blob.digest), NotFoundError);
    await assert.rejects(async () => await capability(store, "delete")?.(blob), NotFoundError);
    assert.equal(capability(store, "origin")?.(blob), undefined);
  }
  for (const target of ["hidden", SECRET.manifest.digest]) {
    await assert.rejects(store.resolve(target), NotFoundError);
  }
  assert.deepEqual(await Array.fromAsync(store.tags()), []);
});

Deno.test("a filtered view hides a manifest also behind a tag that may be seen", async () => {
  const { below, store } = await withSecret();
  await below.tag(SECRET.manifest, "v1");
  await assert.rejects(store.resolve("v1"), NotFoundError);
});

Deno.test("a filtered view refuses what it would not show", async () => {
  const { below, store } = await withSecret();
  await writeSample(store, SHOWN);
  await assert.rejects(store.tag(SHOWN.manifest, "hidden2"), AccessDeniedError);
  await assert.rejects(
    store.write(SECRET.layer, bytesSource(SECRET.layerBytes)),
    AccessDeniedError,
  );
  assert.deepEqual(await Array.fromAsync(below.tags()), ["hidden"]);
});

Deno.test("copyGraph() mounts through a filter and a read-only view", async () => {
  const catalog = memoryCatalog();
  const from = catalog.repository("registry.test/one");
  const to = filtered(catalog.repository("registry.test/two"), VISIBLE);
  await writeSample(from, SHOWN);
  const report = await copyGraph(readOnly(filtered(from, VISIBLE)), to, SHOWN.manifest);
  assert.deepEqual([report.copied, report.skipped], [1, 2]);
});

Deno.test("copyGraph() stops where a filter of its target refuses", async () => {
  const { below } = await withSecret();
  await below.write(SECRET.config, bytesSource(SECRET.configBytes));
  const target = memoryCatalog().repository("registry.test/two");
  await assert.rejects(copyGraph(below, filtered(target, VISIBLE), SECRET.manifest), {
    name: "AccessDeniedError",
  });
  assert.equal(await target.has(SECRET.manifest), false);
});

Deno.test("a read-only view refuses every write, and offers nothing that changes the store", async () => {
  const store = memoryCatalog().repository("registry.test/one");
  await writeSample(store, SHOWN);
  const view = readOnly(store);
  await assert.rejects(view.write(SECRET.layer, bytesSource(SECRET.layerBytes)), {
    name: "AccessDeniedError",
    message: "Cannot write to registry.test/one: it is read-only",
  });
  await assert.rejects(view.tag(SHOWN.manifest, "v1"), AccessDeniedError);
  const changing: (keyof StoreCapabilities)[] = [
    "mount",
    "writeTagged",
    "writeStream",
    "delete",
    "untag",
    "ingest",
    "resumeIngest",
  ];
  for (const name of changing) assert.equal(capability(view, name), undefined, name);
  assert.equal(await view.has(SECRET.layer), false);
  assert.equal(await view.has(SHOWN.manifest), true);
});
