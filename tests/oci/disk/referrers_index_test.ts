import assert from "node:assert/strict";
import { bytesSource } from "../../../src/core/content/source.ts";
import { describeBytes, type Descriptor } from "../../../src/oci/descriptor.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import type { LocalRepository } from "../../../src/oci/parts/repository.ts";
import { MediaType } from "../../../src/oci/media_types.ts";
import { sampleArtifact, writeSample } from "../../conformance/store.ts";
import { diskInternals } from "../../support/disk_internals.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const NAME = "registry.test/x";

/** Writes a manifest that refers to `subject`. */
async function refer(
  store: LocalRepository,
  subject: Descriptor,
  name: string,
): Promise<Descriptor> {
  const config = new TextEncoder().encode("{}");
  const empty = describeBytes("application/vnd.oci.empty.v1+json", config);
  await store.write(empty, bytesSource(config));
  const document = {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    artifactType: "application/vnd.test",
    config: empty,
    layers: [],
    subject,
    annotations: { name },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const manifest = describeBytes(MediaType.imageManifest, bytes);
  await store.write(manifest, bytesSource(bytes));
  return manifest;
}

async function names(store: LocalRepository, subject: Descriptor): Promise<unknown[]> {
  const found = await Array.fromAsync(store.referrers(subject));
  return found.map(({ annotations }) => annotations?.["name"]).sort();
}

async function makeStore(folder: TempFolder) {
  const store = diskCatalog(folder.path).repository(NAME);
  const { manifest } = await writeSample(store, sampleArtifact()).then(() => sampleArtifact());
  const index = `${diskInternals(folder.path).layout.repository(NAME)}/_referrers/manifests.jsonl`;
  return { store, subject: manifest, index };
}

Deno.test("referrers are listed from the index, which follows what is written and removed", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  assert.deepEqual(await names(store, subject), []);
  const first = await refer(store, subject, "a");
  await refer(store, subject, "b");
  assert.deepEqual(await names(store, subject), ["a", "b"]);
  const before = await Deno.readTextFile(index);
  assert.deepEqual(await names(store, subject), ["a", "b"]);
  assert.equal(await Deno.readTextFile(index), before);
  await store.delete(first);
  assert.deepEqual(await names(store, subject), ["b"]);
  assert.ok(!(await Deno.readTextFile(index)).includes(first.digest));
});

Deno.test("a manifest that is written is in the index at once, after what was cut off", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  await refer(store, subject, "a");
  const [, line = ""] = (await Deno.readTextFile(index)).split("\n");
  await Deno.writeTextFile(index, `\n${line.slice(0, line.length / 2)}`);
  const second = await refer(store, subject, "b");
  await Deno.writeTextFile(store.filePath(second), "damaged");
  assert.deepEqual(await names(store, subject), ["a", "b"]);
});

Deno.test("a manifest without a subject makes no index", async () => {
  await using folder = await tempFolder();
  const { index } = await makeStore(folder);
  await assert.rejects(Deno.stat(index), Deno.errors.NotFound);
});

Deno.test("referrers that the index knows are not read again", async () => {
  await using folder = await tempFolder();
  const { store, subject } = await makeStore(folder);
  const referrer = await refer(store, subject, "a");
  assert.deepEqual(await names(store, subject), ["a"]);
  await Deno.writeTextFile(store.filePath(referrer), "damaged");
  assert.deepEqual(await names(store, subject), ["a"]);
});

Deno.test("an index that is missing, damaged or of other things is made again", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  await refer(store, subject, "a");
  const { digest } = subject;
  const wrongs = [
    "",
    "{",
    "null",
    "[]",
    '{"digest":"x"}',
    `{"digest":"${digest}","subject":"x"}`,
    `{"digest":"${digest}","subject":"${digest}","referrer":{}}`,
  ];
  for (const text of wrongs) {
    await Deno.mkdir(index.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(index, text);
    assert.deepEqual(await names(store, subject), ["a"], text);
    assert.match(await Deno.readTextFile(index), /"annotations":{"name":"a"}/, text);
  }
  await Deno.remove(index);
  assert.deepEqual(await names(store, subject), ["a"]);
});

Deno.test("a flipped bit that leaves a line well-formed loses no referrer, and tells nothing wrong", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  const referrer = await refer(store, subject, "abc");
  const text = await Deno.readTextFile(index);
  const last = (digest: string) => text.indexOf(digest) + digest.length - 1;
  const places = {
    "the manifest": last(referrer.digest),
    "its subject": last(subject.digest),
    "an annotation": text.indexOf("abc"),
    "its size": text.indexOf('"size":') + '"size":'.length,
    "its type": text.indexOf("vnd.test"),
  };
  for (const [what, at] of Object.entries(places)) {
    const other = String.fromCharCode(text.charCodeAt(at) ^ 1);
    await Deno.writeTextFile(index, text.slice(0, at) + other + text.slice(at + 1));
    assert.deepEqual(
      (await Array.fromAsync(store.referrers(subject))).map((found) => [
        found.digest,
        found.size,
        found.artifactType,
        found.annotations?.["name"],
      ]),
      [[referrer.digest, referrer.size, "application/vnd.test", "abc"]],
      what,
    );
  }
});

Deno.test("a referrer with large annotations is listed with all of them", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  const large = "x".repeat(100_000);
  await refer(store, subject, large);
  for (let round = 0; round < 2; round++) assert.deepEqual(await names(store, subject), [large]);
  assert.ok((await Deno.stat(index)).size < 10_000);
});

Deno.test("referrers come in the order of their digests, and those behind one where it is named", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  for (let at = 0; at < 20; at++) await refer(store, subject, `${at}`);
  const list = async (after?: string) =>
    (await Array.fromAsync(store.referrers(subject, { after }))).map(({ digest }) => digest);
  for (const text of [await Deno.readTextFile(index), "", "{}"]) {
    await Deno.writeTextFile(index, text);
    const all = await list();
    assert.deepEqual(all, all.toSorted());
    assert.equal(all.length, 20);
    for (const at of [0, 7, 19]) assert.deepEqual(await list(all[at]), all.slice(at + 1));
  }
});

Deno.test("an index does not grow with manifests that are written again and again", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  await refer(store, subject, "a");
  const line = (await Deno.readTextFile(index)).trim();
  await Deno.writeTextFile(index, `\n${line}`.repeat(2000));
  for (let round = 0; round < 2; round++) assert.deepEqual(await names(store, subject), ["a"]);
  const lines = (await Deno.readTextFile(index)).trim().split("\n");
  assert.deepEqual(lines.filter((each) => each === line), [line]);
  assert.equal(lines.length, 2);
  assert.deepEqual(await names(store, subject), ["a"]);
});

Deno.test("what another program writes to an index is seen, whatever was read before", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  await refer(store, subject, "a");
  await refer(store, subject, "b");
  assert.deepEqual(await names(store, subject), ["a", "b"]);
  const text = await Deno.readTextFile(index);
  const wrongs = [text.slice(0, -20), text.replaceAll("{", "["), `${text}\n{`, `x${text}`];
  for (const wrong of wrongs) {
    await Deno.writeTextFile(index, wrong);
    assert.deepEqual(await names(store, subject), ["a", "b"], wrong);
  }
});

Deno.test({
  name: "referrers are listed where nothing may be written",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await tempFolder();
    const { store, subject, index } = await makeStore(folder);
    await refer(store, subject, "a");
    await Deno.remove(index);
    await Deno.remove(`${folder.path}/modelops.lock`).catch(() => {});
    await Deno.mkdir(`${folder.path}/modelops.lock`);
    assert.deepEqual(await names(diskCatalog(folder.path).repository(NAME), subject), ["a"]);
    await assert.rejects(Deno.stat(index), Deno.errors.NotFound);
  },
});

Deno.test("a repository of which only referrers were listed is pruned away", async () => {
  await using folder = await tempFolder();
  const { store, subject, index } = await makeStore(folder);
  await store.tag(subject, "v1");
  await refer(store, subject, "a");
  await names(store, subject);
  await store.untag("v1");
  await diskCatalog(folder.path).prune({ now: Date.now() + 48 * 3_600_000 });
  await assert.rejects(Deno.stat(index), Deno.errors.NotFound);
});
