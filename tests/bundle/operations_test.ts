import assert from "node:assert/strict";
import { createBundles } from "../../src/bundle/operations.ts";
import { fakeClient, FakeRegistry } from "../support/fake_registry.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const SPEC = `name: demo
version: "1.0.0"
layers:
  - { name: code, type: code, files: ["src/**"] }
  - { name: data, type: data, files: ["data/**"] }
roles:
  default: [code]
  training: [code, data]
`;

/** A registry with a bundle of two layers of one file each, and the operations of a new client. */
async function published(folder: TempFolder) {
  await folder.write("work/modelops.yaml", SPEC);
  await folder.write("work/src/a.py", "print(1)\n");
  await folder.write("work/data/b.csv", "1,2\n");
  const registry = new FakeRegistry();
  const bundles = () => {
    const client = fakeClient(registry.transport);
    return createBundles({
      settings: { registry: "registry.test", repository: "team" },
      open: (name) => client.repository(name),
    });
  };
  await bundles().push(folder.join("work"));
  registry.requests.length = 0;
  return { registry, bundles };
}

/** What was asked for: the manifest, or blobs in the order of their first request. */
function kinds({ log }: FakeRegistry): string[] {
  return log.map((line) => line.replace(/\/v2\/team\/demo\/(\w+)\/.*/, "$1"));
}

Deno.test("materializing a role asks for manifest, bundle manifest, its index and its file, each once", async () => {
  await using folder = await tempFolder();
  const { registry, bundles } = await published(folder);
  await bundles().materialize("demo:1.0.0", { dest: folder.join("out") });
  assert.deepEqual(kinds(registry), ["GET manifests", "GET blobs", "GET blobs", "GET blobs"]);
  assert.equal(new Set(registry.log).size, 4);
});

Deno.test("a bundle that was resolved is materialized without being asked for again", async () => {
  await using folder = await tempFolder();
  const { registry, bundles } = await published(folder);
  const operations = bundles();
  const bundle = await operations.resolve("demo:1.0.0");
  assert.equal(bundle.totalSize, 13);
  assert.equal(registry.log.length, 4, "the manifest, the bundle manifest and two indexes");
  await operations.materialize(bundle, { dest: folder.join("out"), role: "training" });
  assert.equal(registry.log.length, 6, "the files");
  assert.equal(new Set(registry.log).size, 6);
});

Deno.test("verifying a bundle or a workspace reads each index once", async () => {
  await using folder = await tempFolder();
  const { registry, bundles } = await published(folder);
  await bundles().verify("demo:1.0.0");
  assert.equal(new Set(registry.log).size, registry.log.length);
  await bundles().materialize("demo:1.0.0", { dest: folder.join("out") });
  registry.requests.length = 0;
  assert.equal((await bundles().verify(folder.join("out"))).ok, true);
  assert.deepEqual(kinds(registry), ["GET manifests", "GET blobs", "GET blobs"]);
});
