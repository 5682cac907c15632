import assert from "node:assert/strict";
import { IntegrityError, InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { capability } from "../../src/oci/capabilities.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { filtered } from "../../src/oci/filtered.ts";
import { readContent } from "../../src/oci/store.ts";
import { wrapped } from "../../src/oci/wrapped.ts";
import { sampleArtifact } from "../conformance/store.ts";
import { tempFolder } from "../support/temp.ts";

const { layer, layerBytes } = sampleArtifact("one");

/** A repository of the local store that has the layer of the sample. */
async function openRepository() {
  const folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/one");
  await store.write(layer, bytesSource(layerBytes));
  return { catalog, store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

Deno.test("a document of the local store is read without a stream, and verified", async () => {
  await using it = await openRepository();
  const store = { ...wrapped(it.store, {}), open: () => Promise.reject(new Error("a stream")) };
  assert.deepEqual(await readContent(store, layer), layerBytes);
  const path = it.store.filePath(layer);
  const other = layerBytes.map((byte) => byte ^ 1);
  for (const wrong of [other, layerBytes.subarray(1), new Uint8Array([...layerBytes, 0])]) {
    await Deno.writeFile(path, wrong);
    await assert.rejects(readContent(store, layer), IntegrityError);
  }
  await assert.rejects(it.store.read(layer, 2), InvalidInputError);
});

Deno.test("a document is read by members only, and no link in its place is followed", async () => {
  await using it = await openRepository();
  const sibling = it.catalog.repository("registry.test/two");
  await assert.rejects(sibling.read(layer, 1000), NotFoundError);
  const path = it.store.filePath(layer);
  await Deno.rename(path, `${path}.moved`);
  await assert.rejects(it.store.read(layer, 1000), NotFoundError);
  await Deno.symlink(`${path}.moved`, path);
  await assert.rejects(it.store.read(layer, 1000), NotFoundError);
});

Deno.test("whatever changes how content is opened changes how documents are read", async () => {
  await using it = await openRepository();
  const refusing = wrapped(it.store, { open: () => Promise.reject(new NotFoundError("hidden")) });
  await assert.rejects(readContent(refusing, layer), NotFoundError);
  const blind = filtered(it.store, () => false);
  await assert.rejects(readContent(blind, layer), NotFoundError);
  await assert.rejects(async () => await capability(blind, "read")?.(layer, 1000), NotFoundError);
});
