import assert from "node:assert/strict";
import type { Log } from "../../../src/core/operation.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import type { LocalRepository } from "../../../src/oci/parts/repository.ts";
import { sampleArtifact, writeSample } from "../../conformance/store.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const HOUR = 3_600_000;
const NOW = Date.now();

/** A store with artifacts that were pulled at different times, and one that was made here. */
async function setup(folder: TempFolder) {
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sizes: Record<string, number> = {};
  for (
    const [tag, hours] of [["old", 30], ["older", 50], ["young", 1], ["made", undefined]] as const
  ) {
    const sample = sampleArtifact(tag);
    await writeSample(store, sample);
    await store.tag(sample.manifest, tag);
    sizes[tag] = sample.layerBytes.byteLength + sample.bytes.byteLength;
    if (hours !== undefined) await pulled(folder, store, tag, hours);
  }
  return { catalog, store, sizes };
}

/** Notes that a tag was pulled so many hours ago. */
async function pulled(folder: TempFolder, store: LocalRepository, tag: string, hours: number) {
  await store.notePulled(tag);
  const tags = "content.v1/docker/registry/v2/repositories/registry.test/x/_manifests/tags";
  const time = new Date(NOW - hours * HOUR);
  await Deno.utime(folder.join(tags, tag, "pulled"), time, time);
}

const tagsOf = (store: LocalRepository) => Array.fromAsync(store.tags());

Deno.test("what was pulled and not asked for since is forgotten; what was made here never is", async () => {
  await using folder = await tempFolder();
  const { catalog, store, sizes } = await setup(folder);
  const options = { unusedFor: 24 * HOUR, now: NOW };
  const dry = await catalog.prune({ ...options, dryRun: true });
  assert.deepEqual(dry.forgotten, ["registry.test/x:older", "registry.test/x:old"]);
  assert.deepEqual(await tagsOf(store), ["made", "old", "older", "young"]);
  const report = await catalog.prune(options);
  assert.deepEqual(report.forgotten, dry.forgotten);
  assert.deepEqual([report.bytes, dry.bytes], [sizes["old"]! + sizes["older"]!, report.bytes]);
  assert.deepEqual(await tagsOf(store), ["made", "young"]);
  assert.deepEqual((await catalog.verify("all")).damaged, []);
  assert.deepEqual((await catalog.prune({ unusedFor: 0, now: NOW })).forgotten, [
    "registry.test/x:young",
  ]);
  assert.deepEqual((await catalog.prune({ unusedFor: 0, now: NOW })).forgotten, []);
});

Deno.test("the longest unused are forgotten until the store is no larger", async () => {
  await using folder = await tempFolder();
  const { catalog, store, sizes } = await setup(folder);
  const { bytes } = await catalog.usage();
  assert.deepEqual((await catalog.prune({ maxBytes: bytes })).forgotten, []);
  const one = await catalog.prune({ maxBytes: bytes - 1 });
  assert.deepEqual(one.forgotten, ["registry.test/x:older"]);
  assert.equal((await catalog.usage()).bytes, bytes - sizes["older"]!);
  const warnings: string[] = [];
  const log: Log = (level, message) => void (level === "warning" && warnings.push(message));
  const all = await catalog.prune({ maxBytes: 1, log });
  assert.deepEqual(all.forgotten, ["registry.test/x:old", "registry.test/x:young"]);
  assert.deepEqual(await tagsOf(store), ["made"]);
  assert.match(warnings.join(), /more than 1: no more of it was pulled/);
});

Deno.test("to ask for a tag again keeps it, and what others share is no gain", async () => {
  await using folder = await tempFolder();
  const { catalog, store } = await setup(folder);
  await store.notePulled("older");
  assert.deepEqual((await catalog.prune({ unusedFor: 24 * HOUR, now: NOW })).forgotten, [
    "registry.test/x:old",
  ]);
  const { digest, size, mediaType } = await store.resolve("made");
  await store.tag({ digest, size, mediaType }, "also");
  await pulled(folder, store, "also", 99);
  const { bytes } = await catalog.usage();
  const { forgotten } = await catalog.prune({ maxBytes: bytes - 1 });
  assert.deepEqual(forgotten, ["registry.test/x:also", "registry.test/x:young"]);
});
