import assert from "node:assert/strict";
import { ConflictError } from "../../src/core/errors.ts";
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

/** Pushes another bundle of that version, and returns what was written to the registry. */
async function secondPush(
  folder: TempFolder,
  { tags, late = false, force }: { tags: string[]; late?: boolean; force?: boolean },
) {
  const { registry } = await published(folder);
  const repository = registry.catalog.repository("team/demo");
  const rival = await repository.resolve("1.0.0");
  for (const tag of ["1.0.0", ...tags]) {
    if (late) await repository.untag(tag).catch(() => undefined);
    else await repository.tag(rival, tag);
  }
  await folder.write("work/src/a.py", "print(2)\n");
  const client = fakeClient(async (request) => {
    const answer = await registry.transport(request);
    // A rival is faster: the tags are there when our first blob is.
    if (late && request.method === "PUT" && request.url.includes("/blobs/")) {
      for (const tag of tags) await repository.tag(rival, tag);
    }
    return answer;
  });
  const bundles = createBundles({
    settings: { registry: "registry.test", repository: "team" },
    open: (name) => client.repository(name),
  });
  const outcome = await bundles.push(folder.join("work"), { tags, force }).catch((error) => error);
  const written = registry.log.filter((line) => /^(PUT|POST|PATCH|DELETE) /.test(line));
  return { outcome, written, rival, resolve: async (tag: string) => await repository.resolve(tag) };
}

Deno.test("a push whose tag names another bundle writes nothing at all", async () => {
  for (const tags of [[], ["latest"], ["latest", "stable"]]) {
    await using folder = await tempFolder();
    const { outcome, written } = await secondPush(folder, { tags });
    assert.ok(outcome instanceof ConflictError, String(outcome));
    assert.deepEqual(written, [], tags.join());
  }
});

Deno.test("a push whose tag somebody else takes meanwhile writes no manifest", async () => {
  for (const tags of [["1.0.0"], ["latest"], ["stable", "latest"]]) {
    await using folder = await tempFolder();
    const { outcome, written, rival, resolve } = await secondPush(folder, { tags, late: true });
    assert.ok(outcome instanceof ConflictError, String(outcome));
    assert.ok(written.length > 0);
    assert.deepEqual(written.filter((line) => line.includes("/manifests/")), []);
    for (const tag of tags) assert.equal((await resolve(tag)).digest, rival.digest);
  }
});

Deno.test("a push writes its manifest once, under the first tag, and then the others", async () => {
  await using folder = await tempFolder();
  const { outcome, written } = await secondPush(folder, { tags: ["latest"], force: true });
  assert.equal(outcome.tags.join(), "1.0.0,latest");
  assert.deepEqual(written.filter((line) => line.includes("/manifests/")), [
    "PUT /v2/team/demo/manifests/1.0.0",
    "PUT /v2/team/demo/manifests/latest",
  ]);
});
