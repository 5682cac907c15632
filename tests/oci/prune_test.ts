import assert from "node:assert/strict";
import { lstatIfExists, readDirIfExists } from "../../src/core/files.ts";
import { diskInternals } from "../support/disk_internals.ts";
import { type Digest, digestBytes } from "../../src/core/digest.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { type BlobSource, bytesSource } from "../../src/core/content/source.ts";
import { ConflictError, IntegrityError, NotFoundError } from "../../src/core/errors.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import type { MemberKind } from "../../src/oci/disk_layout.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { sampleArtifact, writeSample } from "../conformance/store.ts";
import { localFile } from "../../src/work/local_file.ts";
import { WORTH_A_WORKER } from "../../src/work/task.ts";
import { dirname, join } from "node:path";
import { mayMount, mountForReading } from "../support/mounts.ts";
import { tempFolder } from "../support/temp.ts";

type Sample = ReturnType<typeof sampleArtifact>;

/** When the grace period of an hour is over. */
const LATER = () => Date.now() + 2 * 60 * 60 * 1000;

Deno.test("pruning a store that does not exist frees nothing and makes nothing", async () => {
  await using folder = await tempFolder();
  const report = await diskCatalog(folder.join("never")).prune();
  const nothing = { forgotten: [], manifests: [], blobs: [], uploads: 0, unfinished: [], bytes: 0 };
  assert.deepEqual(report, nothing);
  await assert.rejects(Deno.stat(folder.join("never")), Deno.errors.NotFound);
});

Deno.test("prune() frees a removed artifact at once and keeps what others share", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const kept = sampleArtifact("kept");
  const removed = sampleArtifact("removed");
  for (const [sample, tag] of [[kept, "v1"], [removed, "v2"]] as const) {
    await writeSample(store, sample);
    await store.tag(sample.manifest, tag);
  }
  await store.untag("v2");
  const expected = {
    manifests: [`registry.test/x@${removed.manifest.digest}`],
    digests: [removed.layer.digest, removed.manifest.digest].sort(),
  };
  const dry = await catalog.prune({ dryRun: true });
  assert.deepEqual(dry.manifests, expected.manifests);
  assert.equal(await store.has(removed.manifest), true, "a dry run removes nothing");
  const report = await catalog.prune();
  assert.deepEqual(report.manifests, expected.manifests);
  assert.deepEqual(report.blobs.map((blob) => blob.digest).sort(), expected.digests);
  assert.equal(report.bytes, removed.layerBytes.byteLength + removed.bytes.byteLength);
  assert.equal(await store.has(kept.manifest), true);
  assert.equal(await store.has(removed.manifest), false);
  assert.deepEqual((await catalog.prune()).blobs, []);
});

Deno.test("prune() keeps untagged manifests when asked", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  const report = await catalog.prune({ removeUntagged: false, now: LATER() });
  assert.deepEqual(report.manifests, []);
  assert.equal(await store.has(sample.manifest), true);
});

Deno.test("prune() keeps what refers to a kept manifest", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const subject = sampleArtifact("subject");
  const referrer = sampleArtifact("referrer", { subject: subject.manifest });
  await writeSample(store, subject);
  await writeSample(store, referrer);
  await store.tag(subject.manifest, "v1");
  assert.deepEqual((await catalog.prune({ now: LATER() })).manifests, []);
  await store.untag("v1");
  assert.equal((await catalog.prune({ now: LATER() })).manifests.length, 2);
});

Deno.test("a blob without a manifest is kept for the grace period, then freed", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const bytes = new TextEncoder().encode("uploaded ahead");
  const blob = describeBytes("application/vnd.test", bytes);
  await store.write(blob, bytesSource(bytes));
  assert.deepEqual((await catalog.prune()).blobs, []);
  assert.equal(await store.has(blob), true);
  const report = await catalog.prune({ now: LATER() });
  assert.deepEqual(report.blobs, [{ digest: blob.digest, size: bytes.byteLength }]);
  assert.deepEqual(
    await readDirIfExists(diskInternals(folder.path).layout.repositories),
    [],
    "the empty repository is gone",
  );
});

Deno.test("an upload is kept for the grace period, then removed", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  await using ingest = await store.ingest();
  await ingest.append(ReadableStream.from([new Uint8Array(10)]) as ReadableStream<Uint8Array>);
  const now = Date.now();
  const kept = await catalog.prune({ now });
  assert.equal(kept.uploads, 0);
  const [found] = kept.unfinished;
  assert.deepEqual([found?.repository, found?.bytes, found?.removed], [
    "registry.test/x",
    10,
    false,
  ]);
  const written = Date.parse(found?.lastWritten ?? "");
  assert.ok(Math.abs(written - now) < 60_000);
  assert.equal(Date.parse(found?.freedFrom ?? ""), written + 60 * 60 * 1000);
  const removed = await catalog.prune({ now: LATER() });
  assert.deepEqual([removed.uploads, removed.bytes], [1, 10]);
  assert.equal(removed.unfinished[0]?.removed, true);
  assert.deepEqual((await catalog.prune({ now: LATER() })).unfinished, []);
});

Deno.test("a file that was taken into an upload and not kept counts, and goes with it", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const size = WORTH_A_WORKER + 1;
  {
    await using ingest = await catalog.repository("registry.test/x").ingest();
    await ingest.take(await localFile(await folder.write("file", new Uint8Array(size))));
  }
  const [found] = (await catalog.prune()).unfinished;
  assert.equal(found?.bytes, size);
  assert.equal((await catalog.prune({ now: LATER() })).bytes, size);
  assert.deepEqual((await catalog.prune({ now: LATER() })).unfinished, []);
});

Deno.test("a manifest that was pushed without a tag just now is kept with what it needs", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  assert.deepEqual((await catalog.prune()).manifests, []);
  assert.equal(await store.has(sample.manifest), true);
  assert.equal((await catalog.prune({ now: LATER() })).manifests.length, 1);
});

Deno.test("what a moved tag named before goes at once", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const [first, second] = [sampleArtifact("first"), sampleArtifact("second")];
  for (const sample of [first, second]) {
    await writeSample(store, sample);
    await store.tag(sample.manifest, "v1");
  }
  const { manifests } = await catalog.prune();
  assert.deepEqual(manifests, [`registry.test/x@${first.manifest.digest}`]);
});

Deno.test("what a moved tag named before stays while another tag names it, and goes with that", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const [first, second] = [sampleArtifact("first"), sampleArtifact("second")];
  for (const sample of [first, second]) {
    await writeSample(store, sample);
    await store.tag(sample.manifest, "latest");
    if (sample === first) await store.tag(sample.manifest, "v1");
  }
  assert.deepEqual((await catalog.prune()).manifests, []);
  assert.equal((await store.resolve("v1")).digest, first.manifest.digest);
  await store.untag("v1");
  const { manifests } = await catalog.prune();
  assert.deepEqual(manifests, [`registry.test/x@${first.manifest.digest}`]);
});

Deno.test("of a file that is written in parts the bytes count that are there, not its holes", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const size = 64 * 1024 * 1024;
  const cut: BlobSource = {
    size,
    open: () => Promise.reject(new Error("not opened")),
    toFile: async (path, options) => {
      using file = await Deno.open(path, { write: true });
      await file.write(new Uint8Array(1024 * 1024).fill(7));
      options?.onBytes?.(1024 * 1024);
      throw new Error("cut");
    },
  };
  const blob = anonymousBlob(digestBytes(new Uint8Array()), size);
  await assert.rejects(store.write(blob, cut), /cut/);
  const [found] = (await catalog.prune()).unfinished;
  assert.ok(
    (found?.bytes ?? 0) >= 1024 * 1024 && found!.bytes < 2 * 1024 * 1024,
    `${found?.bytes}`,
  );
});

Deno.test("a blob that was uploaded again just now is young, however old it is", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const bytes = new TextEncoder().encode("weights");
  const blob = describeBytes("application/vnd.test", bytes);
  await store.write(blob, bytesSource(bytes));
  const link = diskInternals(folder.path).layout.memberLink(store.name, "_layers", blob.digest);
  await Deno.utime(link, 0, 0);
  await Deno.utime(diskInternals(folder.path).layout.blobData(blob.digest), 0, 0);
  await store.write(blob, bytesSource(bytes));
  assert.deepEqual((await catalog.prune()).blobs, []);
});

for (const damage of ["", "garbage"]) {
  Deno.test(`a tag whose link holds ${JSON.stringify(damage)} costs nothing but itself`, async () => {
    await using folder = await tempFolder();
    const catalog = diskCatalog(folder.path);
    const store = catalog.repository("registry.test/x");
    const sample = sampleArtifact();
    await writeSample(store, sample);
    for (const tag of ["good", "bad"]) await store.tag(sample.manifest, tag);
    await Deno.writeTextFile(
      diskInternals(folder.path).layout.tagCurrent(store.name, "bad"),
      damage,
    );
    assert.deepEqual((await catalog.prune({ now: LATER() })).manifests, []);
    assert.deepEqual(await Array.fromAsync(store.tags()), ["bad", "good"]);
    await assert.rejects(store.resolve("bad"), IntegrityError);
    assert.equal((await store.resolve("good")).digest, sample.manifest.digest);
    await store.untag("bad");
    assert.deepEqual(await Array.fromAsync(store.tags()), ["good"]);
  });
}

Deno.test("a tag that waits for prune does not name what prune removed", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  const pruning = await diskInternals(folder.path).lock.exclusive();
  const refused = assert.rejects(store.tag(sample.manifest, "v1"), NotFoundError);
  await Deno.remove(
    diskInternals(folder.path).layout.memberLink(
      store.name,
      "_manifests/revisions",
      sample.manifest.digest,
    ),
  );
  await pruning[Symbol.asyncDispose]();
  await refused;
  assert.deepEqual(await Array.fromAsync(store.tags()), []);
});

Deno.test("everyone who waits for the lock has a signal of their own", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const pruning = await diskInternals(folder.path).lock.exclusive();
  const controller = new AbortController();
  const stopped = catalog.deferPrune({ signal: controller.signal });
  const patient = catalog.deferPrune();
  controller.abort(new Error("stop"));
  await assert.rejects(stopped, /stop/);
  await pruning[Symbol.asyncDispose]();
  await using _held = await patient;
});

Deno.test("layers are kept when a tagged manifest cannot be read", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  await store.tag(sample.manifest, "v1");
  await Deno.writeTextFile(
    diskInternals(folder.path).layout.blobData(sample.manifest.digest),
    "garbage",
  );
  await catalog.prune({ now: LATER() });
  assert.equal(await store.has(sample.layer), true);
});

Deno.test("prune() does not run while a build holds the store, and runs afterwards", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  await writeSample(catalog.repository("registry.test/x"), sampleArtifact());
  const other = diskCatalog(folder.path);
  {
    await using _first = await other.deferPrune();
    await using _again = await other.deferPrune();
    const { lock } = diskInternals(folder.path);
    await assert.rejects(lock.exclusive({ timeout: 0 }), ConflictError);
  }
  assert.equal((await catalog.prune({ now: LATER() })).manifests.length, 1);
});

Deno.test("nothing is written while somebody prunes", async () => {
  await using folder = await tempFolder();
  await using _pruning = await diskInternals(folder.path).lock.exclusive();
  await assert.rejects(diskInternals(folder.path).lock.shared({ timeout: 0 }), ConflictError);
});

Deno.test("waiting for the lock ends with the signal", async () => {
  await using folder = await tempFolder();
  await using _pruning = await diskInternals(folder.path).lock.exclusive();
  const controller = new AbortController();
  const waiting = diskCatalog(folder.path).deferPrune({
    signal: controller.signal,
    log: () => controller.abort(new Error("stop")),
  });
  await assert.rejects(waiting, /stop/);
});

Deno.test("what was promised stays for a day, whatever is removed and pruned", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const [sample, other] = [sampleArtifact("promised"), sampleArtifact("not promised")];
  for (const each of [sample, other]) {
    await writeSample(store, each);
    await store.tag(each.manifest, "v1");
  }
  await store.promise(sample.layer);
  await store.untag("v1");
  await catalog.prune({ now: LATER() });
  assert.equal(await store.has(sample.layer), true);
  assert.equal(await store.has(other.layer), false);
  await catalog.prune({ now: Date.now() + 25 * 60 * 60 * 1000 });
  assert.equal(await store.has(sample.layer), false);
});

Deno.test("a manifest that was promised stays with all that it needs", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  await store.tag(sample.manifest, "v1");
  await store.promise(sample.manifest);
  await store.untag("v1");
  await catalog.prune({ now: LATER() });
  assert.equal(await store.has(sample.manifest), true);
});

Deno.test("a promise waits for nobody who prunes", async () => {
  await using folder = await tempFolder();
  const store = diskCatalog(folder.path).repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  await using _pruning = await diskInternals(folder.path).lock.exclusive();
  for (const each of [sample.layer, sample.manifest]) await store.promise(each);
});

Deno.test("what is promised while it is pruned stays, with all that it needs", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/a");
  const samples = ["layer", "manifest", "nothing"].map((text) => sampleArtifact(text));
  const [first, second, third] = samples;
  for (const sample of samples) await writeSample(store, sample);
  // Pruning says that this one is damaged, when it has looked at the other repository.
  const damaged = sampleArtifact("damaged");
  await writeSample(catalog.repository("registry.test/b"), damaged);
  const { layout } = diskInternals(folder.path);
  await Deno.writeTextFile(layout.blobData(damaged.manifest.digest), "damage");
  const promise = ({ digest }: { digest: Digest }, kind: string) => {
    const link = ["content.v1/docker/registry/v2/repositories/registry.test/a", kind];
    const path = folder.join(...link, digest.replace(":", "/"), "promised");
    Deno.writeFileSync(path, new Uint8Array());
    Deno.utimeSync(path, new Date(LATER()), new Date(LATER()));
  };
  let warned = 0;
  await catalog.prune({
    now: LATER(),
    log: (level) => {
      if (level !== "warning" || warned++ > 0) return;
      promise(first!.layer, "_layers");
      promise(second!.manifest, "_manifests/revisions");
    },
  });
  assert.ok(warned > 0);
  assert.equal(await store.has(first!.layer), true);
  assert.equal(await store.has(first!.manifest), false);
  assert.equal(await store.has(second!.manifest), true, "whole, with its layers");
  assert.equal(await store.has(third!.layer), false);
  await assert.rejects(Deno.stat(layout.blobData(third!.layer.digest)), Deno.errors.NotFound);
  const place = dirname(layout.memberLink("registry.test/a", "_layers", third!.layer.digest));
  await assert.rejects(Deno.stat(place), Deno.errors.NotFound);
});

Deno.test("what is not here cannot be promised, nor what another repository has", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const sample = sampleArtifact();
  await writeSample(catalog.repository("registry.test/x"), sample);
  const other = catalog.repository("registry.test/y");
  for (const each of [sample.layer, sample.manifest]) {
    await assert.rejects(other.promise(each), NotFoundError);
  }
});

Deno.test("a blob whose file is a link is none", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  const secret = await folder.write("secret", sample.layerBytes);
  await Deno.symlink("secret", folder.join("link"));
  for (const target of [secret, folder.join("link"), "../../nowhere"]) {
    await Deno.remove(store.filePath(sample.layer));
    await Deno.symlink(target, store.filePath(sample.layer));
    assert.equal(await store.has(sample.layer), false);
    await assert.rejects(store.stat(sample.layer.digest), NotFoundError);
    await assert.rejects(store.open(sample.layer), NotFoundError);
    await assert.rejects(store.toFile(sample.layer, folder.join("copy")), NotFoundError);
  }
});

/** How often a function of the runtime is called while something is done. */
async function callsOf(
  name: "remove" | "readDirSync",
  work: () => Promise<unknown>,
): Promise<number> {
  const runtime = Deno as { -readonly [Name in typeof name]: unknown };
  const call = Deno[name] as (...args: unknown[]) => unknown;
  let calls = 0;
  runtime[name] = (...args: unknown[]) => {
    calls++;
    return call(...args);
  };
  try {
    await work();
  } finally {
    runtime[name] = call;
  }
  return calls;
}

/** A repository of so many tags, of which each named another manifest before the one that stays. */
async function retagged(path: string, count: number): Promise<void> {
  const store = diskCatalog(path).repository("registry.test/x");
  const kept = sampleArtifact("kept");
  await writeSample(store, kept);
  for (let index = 0; index < count; index++) {
    const earlier = sampleArtifact(`earlier ${index}`);
    await writeSample(store, earlier);
    await store.tag(earlier.manifest, `v${index}`);
    await store.tag(kept.manifest, `v${index}`);
  }
}

Deno.test("prune() looks at each tag once, however many manifests go", async () => {
  for (const call of ["remove", "readDirSync"] as const) {
    const calls: number[] = [];
    for (const count of [10, 40]) {
      await using folder = await tempFolder();
      await retagged(folder.path, count);
      const pruning = async () => {
        const { manifests } = await diskCatalog(folder.path).prune();
        assert.equal(manifests.length, count);
      };
      calls.push(await callsOf(call, pruning));
    }
    const [few = 0, many = 0] = calls;
    assert.ok(many <= 5 * few, `${call}: ${few} calls for 10 tags, ${many} for 40`);
  }
});

Deno.test({
  name: "pruning that a disk stopped goes on from there, and frees at once what it would have",
  ignore: !await mayMount(),
  async fn() {
    await using folder = await tempFolder();
    const { layout } = diskInternals(folder.path);
    const catalog = diskCatalog(folder.path);
    const store = catalog.repository("registry.test/x");
    const places = [
      ({ layer }: Sample) => layout.blobFolder(layer.digest),
      ({ manifest }: Sample) => layout.blobFolder(manifest.digest),
      ({ layer }: Sample) => dirname(layout.memberLink("registry.test/x", "_layers", layer.digest)),
    ];
    for (const [index, place] of places.entries()) {
      const [kept, sample] = [sampleArtifact("kept"), sampleArtifact(`removed ${index}`)];
      for (const [each, tag] of [[kept, "kept"], [sample, "v1"]] as const) {
        await writeSample(store, each);
        await store.tag(each.manifest, tag);
      }
      await store.untag("v1");
      {
        await using _mount = await mountForReading(place(sample));
        await assert.rejects(catalog.prune(), { name: "TransferError" });
      }
      const { damaged } = await diskCatalog(folder.path).verify("all");
      assert.deepEqual(damaged, [], "no link leads to what is gone");
      await catalog.prune();
      for (const { digest } of [sample.layer, sample.manifest]) {
        await assert.rejects(Deno.stat(layout.blobFolder(digest)), Deno.errors.NotFound);
      }
      await assert.rejects(Deno.stat(place(sample)), Deno.errors.NotFound);
      assert.equal(await store.has(kept.manifest), true);
      assert.equal((await catalog.verify("all")).damaged.length, 0);
    }
  },
});

Deno.test("what killed commands left of links is freed when nobody goes on with it", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  await store.tag(sample.manifest, "v1");
  const { layout } = diskInternals(folder.path);
  const link = (kind: MemberKind, { digest }: { digest: Digest }) =>
    dirname(layout.memberLink("registry.test/x", kind, digest));
  const halfMade = [
    ...[
      link("_layers", sample.layer),
      link("_manifests/revisions", sample.manifest),
      dirname(layout.tagCurrent("registry.test/x", "v1")),
    ].map((place) => join(place, `.${crypto.randomUUID()}.partial`)),
    join(layout.tag("registry.test/x", "v2"), "index"),
  ];
  for (const path of halfMade.slice(0, 3)) await Deno.writeTextFile(path, "sha256:");
  await Deno.mkdir(halfMade[3]!, { recursive: true });
  const remaining = async () => {
    const found = await Promise.all(halfMade.map((path) => lstatIfExists(path)));
    return found.filter((info) => info !== undefined).length;
  };
  await catalog.prune({ dryRun: true, now: LATER() });
  await catalog.prune();
  assert.equal(await remaining(), 4, "somebody may be writing them");
  const told: string[] = [];
  await catalog.prune({ now: LATER(), log: (_level, message) => told.push(message) });
  assert.equal(await remaining(), 0);
  assert.ok(told.includes("Removed what stopped commands left in registry.test/x"));
  assert.equal(await store.has(sample.manifest), true);
  assert.deepEqual(await Array.fromAsync(store.tags()), ["v1"]);
});
