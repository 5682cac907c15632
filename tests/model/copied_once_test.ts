/** How often a build and an extraction copy large files, and how many workers hash them. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createModelBackend } from "../../src/model/backend.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { repositoryName } from "../../src/oci/reference.ts";
import { countWorkers } from "../../src/work/pool.ts";
import { WORTH_A_WORKER } from "../../src/work/task.ts";
import { tempFolder } from "../support/temp.ts";

/** More files than are worked on at once, which is 5. */
const FILES = 7;

/** Counts the copies of the kernel, and the workers that start while `work` runs. */
async function counted(work: () => Promise<unknown>) {
  const { copyFile } = Deno;
  const { started } = countWorkers();
  let copies = 0;
  Deno.copyFile = async (from, to) => {
    copies++;
    await copyFile(from, to);
  };
  try {
    await work();
    assert.equal(countWorkers().running, 0);
    return { copies, workers: countWorkers().started - started };
  } finally {
    Deno.copyFile = copyFile;
  }
}

async function setup() {
  const folder = await tempFolder();
  for (let index = 0; index < FILES; index++) {
    const bytes = new Uint8Array(WORTH_A_WORKER + index).fill(index);
    const path = await folder.write(`ws/${index}.bin`, bytes);
    // A file that has just changed is not remembered.
    await Deno.utime(path, 1_000_000, 1_000_000);
  }
  await folder.write("ws/Modelfile", "NAME demo\nMODEL *.bin\n");
  const registry = memoryCatalog();
  const backend = createModelBackend({
    catalog: diskCatalog(folder.join("store")),
    digestCache: folder.join("digests"),
    connect: (reference) => registry.repository(repositoryName(reference)),
    now: () => 0,
  });
  return { folder, backend };
}

for (const concurrency of [1, 5]) {
  Deno.test(`a build copies each large file once, on no more workers than cores (${concurrency} at once)`, async () => {
    const { folder, backend } = await setup();
    await using _folder = folder;
    const targets = ["registry.test/a:v1"];
    const build = () => backend.build(folder.join("ws"), { targets, concurrency });
    // The runtime tells the time of the last change in seconds: it is trusted two seconds later.
    await delay(2_100);
    const cores = navigator.hardwareConcurrency;
    const most = Math.min(concurrency, cores);
    const first = await counted(build);
    assert.equal(first.copies, FILES);
    assert.ok(first.workers >= 1 && first.workers <= most, `${first.workers} workers`);
    assert.deepEqual(await counted(build), { copies: 0, workers: 0 });
    const output = folder.join("out");
    const extracted = await counted(() => backend.extract(targets[0]!, { output, concurrency }));
    assert.equal(extracted.copies, FILES);
    assert.ok(extracted.workers >= 1 && extracted.workers <= most, `${extracted.workers} workers`);
    for (let index = 0; index < FILES; index++) {
      const bytes = await Deno.readFile(folder.join("out", `${index}.bin`));
      assert.deepEqual(bytes, new Uint8Array(WORTH_A_WORKER + index).fill(index));
    }
  });
}
