/** What modctl cannot list lies in a part of the store that it does not know. */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { bytesSource } from "../../src/core/content/source.ts";
import { NotFoundError } from "../../src/core/errors.ts";
import { lstatIfExists, readDirIfExists } from "../../src/core/files.ts";
import { readAll } from "../../src/core/streams.ts";
import { isListable } from "../../src/oci/parts/listable.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { DiskLayout } from "../../src/oci/disk_layout.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryStore } from "../../src/oci/memory_store.ts";
import { type ContentStore, readManifest } from "../../src/oci/store.ts";
import { DiskRepository } from "../../src/oci/disk_repository.ts";
import { DiskStore } from "../../src/oci/disk_store.ts";
import { TagLinks } from "../../src/oci/disk/tag_links.ts";
import { sampleArtifact, storeConformance, writeSample } from "../conformance/store.ts";
import { LISTED_CONFIGS } from "../support/listed_configs.ts";
import { tempFolder } from "../support/temp.ts";

const NAME = "registry.test/x";

/** When the grace period of an hour is over. */
const LATER = () => Date.now() + 2 * 60 * 60 * 1000;

type Sample = ReturnType<typeof sampleArtifact>;

const samples = (...contents: string[]): Sample[] =>
  contents.map((content) => sampleArtifact(content));

function indexOf(
  samples: readonly Sample[],
): { bytes: Uint8Array<ArrayBuffer>; index: Descriptor } {
  const bytes = new TextEncoder().encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: MediaType.imageIndex,
    manifests: samples.map(({ manifest }) => manifest),
  }));
  return { bytes, index: describeBytes(MediaType.imageIndex, bytes) };
}

/** Writes some artifacts and an index of them. */
async function writeIndex(store: ContentStore, samples: readonly Sample[]): Promise<Descriptor> {
  for (const sample of samples) await writeSample(store, sample);
  const { bytes, index } = indexOf(samples);
  await store.write(index, bytesSource(bytes));
  return index;
}

async function openStore() {
  const folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const layouts = {
    shared: new DiskLayout(folder.join("content.v1")),
    apart: new DiskLayout(folder.join("apart.v1")),
  };
  const names = async (path: string) =>
    (await readDirIfExists(path)).map(({ name }) => name).sort();
  return {
    folder,
    catalog,
    layouts,
    store: catalog.repository(NAME),
    /** The tags that each part has. */
    tags: async () => ({
      shared: await names(layouts.shared.tags(NAME)),
      apart: await names(layouts.apart.tags(NAME)),
    }),
    /** Does what `prune` of modctl does with a repository in which it knows no tag. */
    async pruneShared() {
      await Deno.remove(layouts.shared.root, { recursive: true });
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A store with artifacts of these contents, and an index of them that a tag names. */
async function openIndexed(...contents: string[]) {
  const opened = await openStore();
  const all = samples(...contents);
  const index = await writeIndex(opened.store, all);
  await opened.store.tag(index, "all");
  return { ...opened, all, index };
}

async function assertWhole(store: ContentStore, all: readonly Sample[]): Promise<void> {
  for (const { layer, layerBytes, manifest } of all) {
    assert.equal(await store.has(manifest), true);
    assert.deepEqual(await readAll(await store.open(layer), 1 << 20), layerBytes);
    assert.equal((await readManifest(store, manifest)).kind, "manifest");
  }
}

storeConformance("disk store, with a part apart", async () => {
  const opened = await openStore();
  const sibling = opened.catalog.repository("localhost:5000/models/two");
  for (const store of [opened.store, sibling]) {
    await store.tag(await writeIndex(store, samples("other")), "index");
    await store.untag("index");
  }
  return {
    store: opened.store,
    sibling,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
});

Deno.test("an index has its tag apart, and what it lists stays when others prune what they share", async () => {
  await using opened = await openStore();
  const { store, catalog } = opened;
  const [one, two] = samples("one", "two");
  await writeSample(store, one!);
  await store.tag(one!.manifest, "v1");
  const index = await writeIndex(store, [one!, two!]);
  await store.tag(index, "all");
  assert.deepEqual(await opened.tags(), { shared: ["v1"], apart: ["all"] });
  assert.deepEqual(await Array.fromAsync(store.tags()), ["all", "v1"]);
  assert.deepEqual(await store.resolve("all"), index);
  await opened.pruneShared();
  assert.deepEqual(await Array.fromAsync(catalog.repositories()), [NAME]);
  await assertWhole(catalog.repository(NAME), [one!, two!]);
  const copied = memoryStore();
  await copyGraph(catalog.repository(NAME), copied, index);
  await assertWhole(copied, [one!, two!]);
});

Deno.test("a tag that moves between a model and an index is in one part only", async () => {
  await using opened = await openStore();
  const { store } = opened;
  const [model, other] = samples("model", "other");
  await writeSample(store, model!);
  const index = await writeIndex(store, [other!]);
  for (let round = 0; round < 2; round++) {
    await store.tag(model!.manifest, "v1");
    assert.deepEqual(await opened.tags(), { shared: ["v1"], apart: [] });
    assert.deepEqual(await store.resolve("v1"), model!.manifest);
    await store.tag(index, "v1");
    assert.deepEqual(await opened.tags(), { shared: [], apart: ["v1"] });
    assert.deepEqual(await store.resolve("v1"), index);
  }
  await store.untag("v1");
  assert.deepEqual(await opened.tags(), { shared: [], apart: [] });
  await assert.rejects(store.resolve("v1"), NotFoundError);
});

Deno.test("a tag that two give at once to a model and to an index names one of them", async () => {
  await using opened = await openStore();
  const [model, other] = samples("model", "other");
  const index = await writeIndex(opened.store, [model!, other!]);
  const wanted = [model!.manifest.digest, index.digest];
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      [model!.manifest, index].map((manifest) =>
        diskCatalog(opened.folder.path).repository(NAME).tag(manifest, "v1")
      ),
    );
    const { shared, apart } = await opened.tags();
    assert.equal([...shared, ...apart].length, 1, `round ${round}`);
    assert.ok(wanted.includes((await opened.store.resolve("v1")).digest));
  }
});

/**
 * Does work once when a method is called, before it begins or before anybody has its result; or for
 * each call.
 */
function during<Name extends string>(
  owner: { [name in Name]: (...args: never[]) => unknown },
  name: Name,
  { before, after, each }: {
    before?: () => Promise<void>;
    after?: () => Promise<void>;
    each?: () => void;
  },
): Disposable {
  const original = owner[name] as (...args: unknown[]) => unknown;
  let [begun, ended]: Promise<void>[] = [];
  Object.assign(owner, {
    async [name](this: unknown, ...args: unknown[]) {
      each?.();
      await (begun ??= before?.());
      const result = await original.apply(this, args);
      await (ended ??= after?.());
      return result;
    },
  });
  return { [Symbol.dispose]: () => void Object.assign(owner, { [name]: original }) };
}

/** Time in which a tag is given, unless it has to wait. */
const SOON = () => new Promise<void>((resolve) => setTimeout(resolve, 500));

Deno.test("a tag that a model gets while an index of it gets one names what modctl finds", async () => {
  await using opened = await openStore();
  const { store, folder } = opened;
  const [one] = samples("one");
  const index = await writeIndex(store, [one!]);
  const other = diskCatalog(folder.path).repository(NAME);
  let tagged: Promise<void> | undefined;
  using _look = during(TagLinks.prototype, "of", {
    async after() {
      tagged = other.tag(one!.manifest, "v1");
      await Promise.race([tagged, SOON()]);
    },
  });
  await store.tag(index, "all");
  await tagged;
  assert.deepEqual(await opened.tags(), { shared: ["v1"], apart: ["all"] });
  await assertWhole(new DiskRepository(NAME, new DiskStore(folder.path)), [one!]);
});

Deno.test("a tag that is given while its manifest is removed names nothing that is gone", async () => {
  await using opened = await openStore();
  const { store, folder } = opened;
  const [one] = samples("one");
  await writeSample(store, one!);
  const other = diskCatalog(folder.path).repository(NAME);
  let tagged: Promise<unknown> | undefined;
  using _look = during(TagLinks.prototype, "of", {
    async after() {
      tagged = assert.rejects(other.tag(one!.manifest, "v1"), NotFoundError);
      await Promise.race([tagged, SOON()]);
    },
  });
  await store.delete(one!.manifest);
  await tagged;
  assert.deepEqual((await opened.tags()).shared, []);
});

Deno.test("a tag that moves into the other part is found while it does", async () => {
  await using opened = await openStore();
  const { store } = opened;
  const [one, two] = samples("one", "two");
  await writeSample(store, two!);
  await store.tag(two!.manifest, "v1");
  const index = await writeIndex(store, [one!]);
  using _look = during(DiskRepository.prototype, "resolve", {
    before: () => store.tag(index, "v1"),
  });
  assert.deepEqual(await store.resolve("v1"), index);
});

Deno.test("a tag that others remove while it moves has moved", async () => {
  await using opened = await openStore();
  const { store, layouts } = opened;
  const [one, two] = samples("one", "two");
  await writeSample(store, two!);
  await store.tag(two!.manifest, "v1");
  const index = await writeIndex(store, [one!]);
  using _untag = during(DiskRepository.prototype, "untag", {
    before: () => Deno.remove(layouts.shared.tag(NAME, "v1"), { recursive: true }),
  });
  await store.tag(index, "v1");
  assert.deepEqual(await opened.tags(), { shared: [], apart: ["v1"] });
});

Deno.test("of a tag that modctl gave beside one that lies apart the newer counts", async () => {
  await using opened = await openStore();
  const { store, layouts } = opened;
  const [model] = samples("model");
  const index = await writeIndex(store, [model!]);
  await store.tag(index, "v1");
  // As modctl writes it.
  await writeSample(store, model!);
  const current = layouts.shared.tagCurrent(NAME, "v1");
  await Deno.mkdir(join(current, ".."), { recursive: true });
  await Deno.writeTextFile(current, model!.manifest.digest);
  const setTime = (seconds: number) => Deno.utime(current, seconds, seconds);
  await setTime(Date.now() / 1000 + 5);
  assert.deepEqual(await store.resolve("v1"), model!.manifest);
  assert.deepEqual(await Array.fromAsync(store.tags()), ["v1"]);
  await setTime(1);
  assert.deepEqual(await store.resolve("v1"), index);
  await store.tag(index, "v1");
  assert.deepEqual(await opened.tags(), { shared: [], apart: ["v1"] });
});

Deno.test("a manifest that is here only apart can have a tag where modctl lists it", async () => {
  await using opened = await openStore();
  const { store } = opened;
  const [model] = samples("model");
  await store.tag(await writeIndex(store, [model!]), "all");
  await opened.pruneShared();
  await store.tag(model!.manifest, "v1");
  assert.deepEqual(await opened.tags(), { shared: ["v1"], apart: ["all"] });
  await Deno.remove(opened.layouts.apart.root, { recursive: true });
  await assertWhole(opened.catalog.repository(NAME), [model!]);
});

Deno.test("what another repository has apart alone can be mounted", async () => {
  await using opened = await openIndexed("model");
  const { store, catalog, index, all: [model] } = opened;
  await opened.pruneShared();
  const other = catalog.repository("registry.test/y");
  const report = await copyGraph(store, other, index, { tag: "again" });
  assert.equal(report.copied, 2, "the manifest and the index; blobs are mounted");
  await opened.catalog.repository(NAME).untag("all");
  await catalog.prune({ now: LATER() });
  await assertWhole(catalog.repository("registry.test/y"), [model!]);
});

Deno.test("prune() keeps what an index lists, and frees what both parts have once", async () => {
  await using opened = await openStore();
  const { store, catalog, layouts } = opened;
  const [one, two] = samples("one", "two");
  await writeSample(store, one!);
  await store.tag(one!.manifest, "v1");
  const index = await writeIndex(store, [one!, two!]);
  await store.tag(index, "all");
  const kept = await catalog.prune({ now: LATER() });
  // The shared part needs the second model no more; its bytes are needed apart.
  assert.deepEqual([kept.manifests, kept.blobs, kept.bytes], [[], [], 0]);
  assert.equal(await lstatIfExists(layouts.shared.blobData(two!.layer.digest)), undefined);
  await assertWhole(store, [one!, two!]);

  await store.untag("all");
  const dry = await catalog.prune({ now: LATER(), dryRun: true });
  const freed = await catalog.prune({ now: LATER() });
  assert.deepEqual(freed, dry);
  const gone = [two!.layer, two!.manifest, index];
  assert.deepEqual(
    freed.blobs.map(({ digest }) => digest).sort(),
    gone.map(({ digest }) => digest).sort(),
  );
  assert.equal(freed.bytes, gone.reduce((sum, { size }) => sum + size, 0));
  assert.deepEqual(
    freed.manifests.toSorted(),
    [two!.manifest, index].map(({ digest }) => `${NAME}@${digest}`).sort(),
  );
  await assertWhole(store, [one!]);
});

Deno.test("a dry run tells once what both parts would let go of", async () => {
  await using opened = await openIndexed("one");
  const { store, catalog, index, all: [one] } = opened;
  await store.untag("all");
  const all = [one!.layer, one!.config, one!.manifest, index];
  const dry = await catalog.prune({ now: LATER(), dryRun: true });
  assert.equal(dry.bytes, all.reduce((sum, { size }) => sum + size, 0));
  assert.deepEqual(await catalog.prune({ now: LATER() }), dry);
  assert.deepEqual(await catalog.usage(), { blobs: 0, bytes: 0, uploads: 0 });
});

Deno.test("a referrer of what lies apart stays, and is listed", async () => {
  await using opened = await openIndexed("one");
  const { store, catalog, index, all: [one] } = opened;
  const signature = sampleArtifact("signature", { subject: index, artifactType: "test/signature" });
  await writeSample(store, signature);
  const { manifests } = await catalog.prune({ now: LATER() });
  assert.deepEqual(manifests, []);
  const [referrer] = await Array.fromAsync(store.referrers(index));
  assert.equal(referrer?.digest, signature.manifest.digest);
  await assertWhole(store, [one!, signature]);
});

Deno.test("usage() counts once what both parts have", async () => {
  await using opened = await openStore();
  const { store, catalog } = opened;
  const [one] = samples("one");
  const index = await writeIndex(store, [one!]);
  const before = await catalog.usage();
  await store.tag(index, "all");
  assert.deepEqual(await catalog.usage(), before);
});

/** Where the system has second names for files, and where it has none. */
const LINKS = { linked: true, copied: false };

for (const [form, hasLinks] of Object.entries(LINKS)) {
  Deno.test(`damage apart is found, and mended by copying the artifact again: ${form}`, async () => {
    await using opened = await openStore();
    const { store, catalog, layouts } = opened;
    const [one, two] = samples("one", "two");
    const link = Deno.linkSync;
    const unsupported = () => {
      throw new Deno.errors.NotSupported();
    };
    if (!hasLinks) Object.assign(Deno, { linkSync: unsupported });
    const index = await writeIndex(store, [one!, two!]);
    await store.tag(index, "all").finally(() => Deno.linkSync = link);
    const damaged = layouts.apart.blobData(two!.layer.digest);
    assert.equal((await Deno.stat(damaged)).nlink, hasLinks ? 2 : 1);
    await Deno.writeTextFile(damaged, "2wo");
    const roots = [{ repository: NAME, target: "all" }];
    const report = await catalog.verify(roots);
    assert.deepEqual(report.damaged.map(({ digest }) => digest), [two!.layer.digest]);
    const origin = memoryStore();
    await writeIndex(origin, [one!, two!]);
    await copyGraph(origin, catalog.repository(NAME), index);
    assert.deepEqual((await catalog.verify("all")).damaged, []);
    await opened.pruneShared();
    await assertWhole(catalog.repository(NAME), [one!, two!]);
  });
}

Deno.test("damage in what is shared is mended though it lies whole apart", async () => {
  await using opened = await openIndexed("one");
  const { store, catalog, layouts, all: [one] } = opened;
  await store.tag(one!.manifest, "v1");
  const damaged = layouts.shared.blobData(one!.layer.digest);
  await Deno.remove(damaged);
  await Deno.writeTextFile(damaged, "1ne");
  assert.equal((await catalog.verify("all")).damaged.length, 1);
  const origin = memoryStore();
  await writeSample(origin, one!);
  await copyGraph(origin, store, one!.manifest);
  assert.deepEqual((await catalog.verify("all")).damaged, []);
});

for (const part of ["shared", "apart"] as const) {
  Deno.test(`what is gone from one part is found, and mended by copying again: ${part}`, async () => {
    await using opened = await openStore();
    const { store, catalog, layouts } = opened;
    const [one] = samples("one");
    const index = await writeIndex(store, [one!]);
    await store.tag(index, "all");
    await store.tag(one!.manifest, "v1");
    const origin = memoryStore();
    await writeIndex(origin, [one!]);
    for (const { digest } of [one!.layer, one!.manifest]) {
      await Deno.remove(layouts[part].blobData(digest));
      const report = await catalog.verify("all");
      assert.deepEqual(report.damaged.map((damaged) => damaged.digest), [digest]);
      for (const artifact of [index, one!.manifest]) await copyGraph(origin, store, artifact);
      assert.deepEqual((await catalog.verify("all")).damaged, []);
      await assertWhole(new DiskRepository(NAME, new DiskStore(opened.folder.path)), [one!]);
    }
  });
}

Deno.test("what others left damaged is no content of the part that takes it", async () => {
  await using opened = await openStore();
  const { store, catalog, layouts } = opened;
  const [one] = samples("one");
  await store.tag(await writeIndex(store, [one!]), "all");
  // Shared, it is a file that no link leads to.
  const left = layouts.shared.blobData(one!.manifest.digest);
  await Deno.remove(left);
  await Deno.writeTextFile(left, "x".repeat(one!.manifest.size));
  assert.deepEqual((await catalog.verify("all")).damaged, []);
  await store.tag(one!.manifest, "v1");
  await assertWhole(new DiskRepository(NAME, new DiskStore(opened.folder.path)), [one!]);
});

Deno.test("an index that lists what nobody has brought has its tag apart too", async () => {
  await using opened = await openStore();
  const { store } = opened;
  const [one, never] = samples("one", "never");
  await writeSample(store, one!);
  const { bytes, index } = indexOf([one!, never!]);
  await store.write(index, bytesSource(bytes));
  await store.tag(index, "all");
  assert.deepEqual(await opened.tags(), { shared: [], apart: ["all"] });
  await opened.pruneShared();
  await assertWhole(store, [one!]);
});

Deno.test("an index that lists one manifest many times has it looked at once", async () => {
  await using opened = await openStore();
  const { store } = opened;
  const [one] = samples("one");
  await store.tag(await writeIndex(store, [one!]), "all");
  const index = await writeIndex(store, Array.from({ length: 500 }, () => one!));
  let looks = 0;
  using _looks = during(DiskRepository.prototype, "has", { each: () => looks++ });
  await store.tag(index, "many");
  assert.equal(looks, 2, "the index and the manifest");
});

Deno.test("a tag appears whole and goes whole, and so does a repository: modctl lists at any moment", async () => {
  await using opened = await openStore();
  const { store, layouts } = opened;
  const faults: string[] = [];
  const look = () => {
    const exists = (path: string) => {
      try {
        return Deno.lstatSync(path) !== undefined;
      } catch {
        return false;
      }
    };
    const repository = layouts.shared.repository(NAME);
    if (exists(join(repository, "_manifests/revisions")) && !exists(layouts.shared.tags(NAME))) {
      faults.push("a repository without the folder of tags");
    }
    const tag = layouts.shared.tag(NAME, "v1");
    if (exists(tag) && !exists(layouts.shared.tagCurrent(NAME, "v1"))) faults.push("half a tag");
  };
  const watched = ["mkdirSync", "renameSync", "writeFileSync", "openSync", "removeSync"] as const;
  const originals = watched.map((name) => [name, Deno[name]] as const);
  for (const [name, original] of originals) {
    Object.assign(Deno, {
      [name]: (...args: never[]) => {
        look();
        const result = (original as (...args: never[]) => unknown)(...args);
        look();
        return result;
      },
    });
  }
  const { remove } = Deno;
  Object.assign(Deno, {
    remove: async (...args: Parameters<typeof remove>) => {
      await remove(...args);
      look();
    },
  });
  try {
    const [first, second] = samples("first", "second");
    for (const sample of [first!, second!]) {
      await writeSample(store, sample);
      await store.tag(sample.manifest, "v1");
    }
    await store.untag("v1");
  } finally {
    Object.assign(Deno, { ...Object.fromEntries(originals), remove });
  }
  assert.deepEqual(faults, []);
});

/** A manifest with a configuration, in a store. */
async function withConfig(config: string) {
  const store = memoryStore();
  const configBytes = new TextEncoder().encode(config);
  const descriptor = describeBytes("application/vnd.test.config", configBytes);
  const sample = sampleArtifact("weights", { config: descriptor });
  await writeSample(store, { ...sample, config: descriptor, configBytes });
  return { store, document: await readManifest(store, sample.manifest), sample };
}

Deno.test("what modctl can list is told by its configuration", async () => {
  for (const [config, expected] of LISTED_CONFIGS) {
    const { store, document } = await withConfig(config);
    assert.equal(await isListable(document, store), expected, config);
  }
});

Deno.test("whatever a configuration is, it is told whether modctl can list it", async () => {
  await fc.assert(fc.asyncProperty(fc.json(), async (config) => {
    const { store, document } = await withConfig(config);
    assert.equal(typeof await isListable(document, store), "boolean");
  }));
});
