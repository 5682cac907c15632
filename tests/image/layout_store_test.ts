import assert from "node:assert/strict";
import { LayoutStore } from "../../scripts/image/layout_store.ts";
import { sampleArtifact, storeConformance, writeSample } from "../conformance/store.ts";
import { tempFolder } from "../support/temp.ts";

storeConformance("image layout", async () => {
  const folder = await tempFolder();
  return {
    store: new LayoutStore(folder.join("one")),
    sibling: new LayoutStore(folder.join("two")),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

Deno.test("a layout lists tags and referrers in index.json, each once", async () => {
  await using folder = await tempFolder();
  const store = new LayoutStore(folder.path);
  const subject = sampleArtifact();
  const referrer = sampleArtifact("signature", {
    subject: subject.manifest,
    artifactType: "application/vnd.test.signature",
  });
  await writeSample(store, subject);
  for (const tag of ["v1", "v2", "v1"]) await store.tag(subject.manifest, tag);
  await writeSample(store, referrer);
  await writeSample(store, referrer);
  const index = JSON.parse(await Deno.readTextFile(folder.join("index.json")));
  const name = "org.opencontainers.image.ref.name";
  assert.deepEqual(index.manifests, [
    { ...subject.manifest, annotations: { [name]: "v2" } },
    { ...subject.manifest, annotations: { [name]: "v1" } },
    { ...referrer.manifest, artifactType: "application/vnd.test.signature" },
  ]);
  const layout = await Deno.readTextFile(folder.join("oci-layout"));
  assert.deepEqual(JSON.parse(layout), { imageLayoutVersion: "1.0.0" });
});

Deno.test("a layout takes many tags at once, and loses none", async () => {
  await using folder = await tempFolder();
  const store = new LayoutStore(folder.path);
  const sample = sampleArtifact();
  await writeSample(store, sample);
  const tags = Array.from({ length: 9 }, (_, index) => `v${index}`);
  await Promise.all(tags.map((tag) => store.tag(sample.manifest, tag)));
  assert.deepEqual(await Array.fromAsync(store.tags()), tags);
});
