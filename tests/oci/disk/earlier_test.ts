/** What a tag named before: the links that the layout of Distribution keeps of it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { LocalRepository } from "../../../src/oci/parts/repository.ts";
import { diskCatalog } from "../../../src/oci/disk_catalog.ts";
import { DiskLayout } from "../../../src/oci/disk_layout.ts";
import { filtered } from "../../../src/oci/filtered.ts";
import { readOnly } from "../../../src/oci/read_only.ts";
import { sampleArtifact, writeSample } from "../../conformance/store.ts";
import { tempFolder } from "../../support/temp.ts";

const NAME = "registry.test/x";

/** A repository with artifacts, none of which has a tag. */
async function repositoryWith(contents: readonly string[]) {
  const folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository(NAME);
  const samples = contents.map((content) => sampleArtifact(content));
  for (const sample of samples) await writeSample(store, sample);
  const manifests = samples.map(({ manifest }) => manifest);
  const layout = new DiskLayout(folder.join("content.v1"));
  return {
    catalog,
    store,
    manifests,
    digests: manifests.map(({ digest }) => digest),
    /** Gives the link of a tag a time of its own, in seconds. */
    setTime: (tag: string, index: number, seconds: number) =>
      Deno.utime(layout.tagIndex(NAME, tag, manifests[index]!.digest), seconds, seconds),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function digestsBefore(store: Pick<LocalRepository, "earlier">, tag: string) {
  return (await store.earlier(tag)).map(({ digest }) => digest);
}

Deno.test("a tag tells what it named before, the latest first, and when it was given to it", async () => {
  await using made = await repositoryWith(["a", "b", "c"]);
  const { store, manifests, digests: [a, b] } = made;
  for (const manifest of manifests) await store.tag(manifest, "v1");
  await made.setTime("v1", 0, 1_000);
  await made.setTime("v1", 1, 2_000);
  assert.deepEqual(await store.earlier("v1"), [
    { digest: b, taggedAt: "1970-01-01T00:33:20.000Z" },
    { digest: a, taggedAt: "1970-01-01T00:16:40.000Z" },
  ]);
});

Deno.test("a tag that is given again to what it names keeps the time when it was given first", async () => {
  await using made = await repositoryWith(["a", "b"]);
  const { store, manifests: [a, b], digests } = made;
  await store.tag(a!, "v1");
  await made.setTime("v1", 0, 1_000);
  await store.tag(a!, "v1");
  await store.tag(b!, "v1");
  const before = await store.earlier("v1");
  assert.deepEqual(before, [{ digest: digests[0], taggedAt: "1970-01-01T00:16:40.000Z" }]);
  await store.tag(a!, "v1");
  await store.tag(b!, "v1");
  const [again] = await store.earlier("v1");
  assert.ok(Date.parse(again!.taggedAt) > 1_000_000, "one that it came back to is new");
});

Deno.test("a tag that comes back to a manifest was given to it now", async () => {
  await using made = await repositoryWith(["a", "b", "c"]);
  const { store, manifests: [first, second, third], digests: [a, b] } = made;
  for (const manifest of [first!, second!]) await store.tag(manifest, "v1");
  await made.setTime("v1", 0, 1_000);
  await made.setTime("v1", 1, 2_000);
  await store.tag(first!, "v1");
  assert.deepEqual(await digestsBefore(store, "v1"), [b]);
  await store.tag(third!, "v1");
  assert.deepEqual(await digestsBefore(store, "v1"), [a, b]);
});

Deno.test("a tag that is written again where it is has named nothing else", async () => {
  await using made = await repositoryWith(["a"]);
  for (let time = 0; time < 3; time++) await made.store.tag(made.manifests[0]!, "v1");
  assert.deepEqual(await made.store.earlier("v1"), []);
  assert.deepEqual(await made.store.earlier("v2"), []);
});

Deno.test("what prune has freed, or what was removed, is not told of", async () => {
  await using made = await repositoryWith(["a", "b", "c"]);
  const { catalog, store, manifests: [first, second, third], digests: [, b] } = made;
  for (const manifest of [first!, second!, third!]) await store.tag(manifest, "v1");
  await store.tag(second!, "kept");
  await catalog.prune();
  assert.deepEqual(await digestsBefore(store, "v1"), [b]);
  await store.delete(second!);
  assert.deepEqual(await digestsBefore(store, "v1"), []);
  await store.untag("v1");
  await store.tag(third!, "v1");
  assert.deepEqual(await digestsBefore(store, "v1"), []);
});

Deno.test("of a tag that was moved often the twenty latest are told", async () => {
  const contents = Array.from({ length: 22 }, (_, index) => `content ${index}`);
  await using made = await repositoryWith(contents);
  for (const [index, manifest] of made.manifests.entries()) {
    await made.store.tag(manifest, "latest");
    await made.setTime("latest", index, 1_000 + index);
  }
  const wanted = made.digests.slice(1, 21).reverse();
  assert.deepEqual(await digestsBefore(made.store, "latest"), wanted);
});

Deno.test("a view tells what it shows: all where it is read-only, and nothing hidden", async () => {
  await using made = await repositoryWith(["a", "b", "c"]);
  const { store, manifests, digests: [a, b] } = made;
  for (const manifest of manifests) await store.tag(manifest, "v1");
  await made.setTime("v1", 0, 1_000);
  const digestsOf = async (view: ReturnType<typeof readOnly>) =>
    (await view.capabilities?.earlier?.("v1"))?.map(({ digest }) => digest);
  assert.deepEqual(await digestsOf(readOnly(store)), [b, a]);
  assert.deepEqual(await digestsOf(filtered(store, (name) => name !== a)), [b]);
  await assert.rejects(digestsOf(filtered(store, (name) => name !== "v1")), /does not have it/);
});

Deno.test("property: a tag named before what it was given to and does not name", async () => {
  await using made = await repositoryWith(["a", "b", "c", "d"]);
  const { store, manifests, digests } = made;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 6 }),
      async (moves) => {
        for (const move of moves) await store.tag(manifests[move]!, "p");
        const others = new Set(moves.filter((move) => move !== moves.at(-1)));
        const wanted = [...others].map((move) => digests[move]!).sort();
        assert.deepEqual((await digestsBefore(store, "p")).sort(), wanted);
        await store.untag("p");
      },
    ),
    { numRuns: 10 },
  );
});
