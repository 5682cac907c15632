import assert from "node:assert/strict";
import { explainRead } from "../../src/core/file_errors.ts";
import { ModelOpsError } from "../../src/core/errors.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { DiskStore } from "../../src/oci/disk_store.ts";
import { verifyStore } from "../../src/oci/verify.ts";
import { sampleArtifact, writeSample } from "../conformance/store.ts";
import { tempFolder } from "../support/temp.ts";

/** What verifying a whole artifact gives, where the system refuses to have one content read. */
async function verifiedWhere(code: string) {
  await using folder = await tempFolder();
  const repository = diskCatalog(folder.path).repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(repository, sample);
  await repository.tag(sample.manifest, "v1");
  const shared = new DiskStore(folder.path);
  const apart = new DiskStore(folder.path, { part: "apart.v1", beside: shared });
  const { blobs } = shared;
  const isRight = blobs.isRight.bind(blobs);
  blobs.isRight = async (content, options) => {
    if (content.digest !== sample.layer.digest) return await isRight(content, options);
    throw explainRead(blobs.path(content.digest), Object.assign(new Error(code), { code }));
  };
  return { damaged: (await verifyStore({ shared, apart }, "all")).damaged, layer: sample.layer };
}

Deno.test("content that this run has no leave or no descriptor to read is not called damaged", async () => {
  for (const code of ["EMFILE", "ENFILE", "EACCES", "EPERM"]) {
    const error = await verifiedWhere(code).catch((error) => error);
    assert.ok(error instanceof ModelOpsError, code);
    assert.match(error.message, /^Cannot read ".*": (too many files are open|permission denied)$/);
  }
});

Deno.test("content that the disk cannot read is damaged", async () => {
  for (const code of ["EIO", "ENXIO", "EREMOTEIO"]) {
    const { damaged, layer } = await verifiedWhere(code);
    assert.deepEqual(damaged.map(({ digest }) => digest), [layer.digest]);
    assert.match(damaged[0]!.reason, /^Cannot read "/);
  }
});

Deno.test("verifying tells all that it reads before it begins, and counts what turns out damaged", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  await store.tag(sample.manifest, "v1");
  const { layer, config, manifest } = sample;
  await Deno.writeTextFile(store.capabilities!.filePath!(layer), "w".repeat(layer.size));
  const plans: number[] = [];
  let done = 0;
  const report = await catalog.verify("all", {
    progress(event) {
      if (event.state === "plan") plans.push(event.size);
      else if (event.state === "done") done += event.size ?? 0;
    },
  });
  const total = layer.size + config.size + manifest.size;
  assert.deepEqual([plans, done, report.bytes], [[total], total, total]);
  assert.deepEqual(report.damaged.map(({ digest }) => digest), [layer.digest]);
});
