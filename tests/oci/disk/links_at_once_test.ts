/** Links of one folder that some write while others remove them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesSource } from "../../../src/core/content/source.ts";
import { NotFoundError } from "../../../src/core/errors.ts";
import { capability } from "../../../src/oci/capabilities.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { StoreLock } from "../../../src/oci/store_lock.ts";
import { createRegistryHandler } from "../../../src/server/mod.ts";
import {
  RegistryClient,
  sampleArtifact as sampleManifest,
} from "../../conformance/distribution_client.ts";
import { sampleArtifact, writeSample } from "../../conformance/store.ts";
import { tempFolder } from "../../support/temp.ts";

/** Does something many times over, while others do the same. */
async function often(work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < 25; round++) {
    await work();
    // Whoever waits for a turn has its chance.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** A repository of one store, as two programs have it: no lock is shared. */
function twoPrograms(folder: string) {
  const open = () => diskCatalog(folder).repository("registry.test/x");
  return [open(), open()] as const;
}

/** What is not there cannot be removed; everything else that goes wrong is a fault. */
async function ifThere(removal: Promise<void>): Promise<void> {
  await removal.catch((error) => assert.ok(error instanceof NotFoundError, error));
}

Deno.test("a tag that some give while others take it away is given, and is whole or gone", async () => {
  await using folder = await tempFolder();
  const [one, two] = twoPrograms(folder.path);
  const sample = sampleArtifact();
  await writeSample(one, sample);
  await Promise.all([one, two].flatMap((store) => [
    often(() => store.tag(sample.manifest, "t")),
    often(() => ifThere(capability(store, "untag")!("t"))),
  ]));
  await one.tag(sample.manifest, "t");
  assert.equal((await two.resolve("t")).digest, sample.manifest.digest);
  assert.deepEqual(await Array.fromAsync(two.tags()), ["t"]);
});

Deno.test("content that some write while others remove it is written", async () => {
  await using folder = await tempFolder();
  const [one, two] = twoPrograms(folder.path);
  const { layer, layerBytes } = sampleArtifact();
  await Promise.all([one, two, one, two].flatMap((store) => [
    often(() => store.write(layer, bytesSource(layerBytes))),
    often(() => ifThere(capability(store, "delete")!(layer))),
    often(() => ifThere(capability(store, "delete")!(layer))),
  ]));
  await one.write(layer, bytesSource(layerBytes));
  assert.ok(await two.has(layer));
});

Deno.test("a push of a tag that is deleted at the same time is not told that something is missing", async () => {
  await using folder = await tempFolder();
  const handler = createRegistryHandler(diskCatalog(folder.path));
  const client = new RegistryClient(handler);
  await client.push("demo", "t");
  const { manifest } = sampleManifest();
  const statuses = new Set<string>();
  const note = async (method: string, send: () => Promise<{ readonly status: number }>) => {
    await often(async () => statuses.add(`${method} ${(await send()).status}`));
  };
  await Promise.all([1, 2, 3].flatMap(() => [
    note("PUT", () => client.pushManifest("demo", "t", manifest)),
    note("DELETE", () => client.send("DELETE", "/v2/demo/manifests/t")),
  ]));
  const allowed = ["PUT 201", "DELETE 202", "DELETE 404"];
  assert.deepEqual([...statuses].filter((status) => !allowed.includes(status)), []);
});

Deno.test("the lock that several got at once lasts until the last of them is done", async () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
    await using folder = await tempFolder();
    const lock = new StoreLock(join(folder.path, "lock"));
    const all = await Promise.all([1, 2, 3].map(() => lock.shared()));
    for (const at of order.slice(0, 2)) await all[at]![Symbol.asyncDispose]();
    const own = await lock.ownFile(join(folder.path, "turns"));
    assert.ok((await Deno.stat(own)).isFile);
    await assert.rejects(new StoreLock(join(folder.path, "lock")).exclusive({ timeout: 0 }));
    await all[order[2]!]![Symbol.asyncDispose]();
    await (await lock.exclusive({ timeout: 0 }))[Symbol.asyncDispose]();
  }
});
