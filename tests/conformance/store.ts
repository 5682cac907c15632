/**
 * What every store must do. Each backend runs this suite.
 * @module
 */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { IntegrityError, NotFoundError } from "../../src/core/errors.ts";
import { type BlobSource, bytesSource } from "../../src/core/content/source.ts";
import { readAll, streamOf } from "../../src/core/streams.ts";
import { capability, type StoreCapabilities } from "../../src/oci/capabilities.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { anonymousBlob, type ContentStore, writeTagged } from "../../src/oci/store.ts";

/** A fresh pair of sibling stores, and what cleans up after them. */
export interface StoreFixture extends AsyncDisposable {
  readonly store: ContentStore;
  /** Another repository beside the first, for mounts. */
  readonly sibling: ContentStore;
}

const text = (value: string) => new TextEncoder().encode(value);

/** A small artifact: one layer, a configuration, a manifest. */
export function sampleArtifact(content = "weights", extra: Record<string, unknown> = {}) {
  const layerBytes = text(content);
  const configBytes = text("{}");
  const layer = describeBytes("application/vnd.test.layer", layerBytes);
  const config = describeBytes("application/vnd.test.config", configBytes);
  const bytes = text(JSON.stringify({
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    config,
    layers: [layer],
    ...extra,
  }));
  return {
    layer,
    layerBytes,
    config,
    configBytes,
    bytes,
    manifest: describeBytes(MediaType.imageManifest, bytes),
  };
}

/** Writes the sample artifact into a store. */
export async function writeSample(
  store: ContentStore,
  sample: ReturnType<typeof sampleArtifact>,
): Promise<void> {
  await store.write(sample.layer, bytesSource(sample.layerBytes));
  await store.write(sample.config, bytesSource(sample.configBytes));
  await store.write(sample.manifest, bytesSource(sample.bytes));
}

const read = async (store: ContentStore, descriptor: Descriptor, range?: [number, number?]) =>
  await readAll(
    await store.open(descriptor, range ? { range: { start: range[0], end: range[1] } } : {}),
    1 << 20,
  );

/** Registers the suite for the backend `backend`. */
export function storeConformance(backend: string, make: () => Promise<StoreFixture>): void {
  const test = (name: string, run: (fixture: StoreFixture) => Promise<void>) =>
    Deno.test(`${backend}: ${name}`, async () => {
      await using fixture = await make();
      await run(fixture);
    });

  /** A test of stores that have these capabilities, which it is given. */
  const testWith = <Name extends keyof StoreCapabilities>(
    names: readonly Name[],
    title: string,
    run: (fixture: StoreFixture & Pick<StoreCapabilities, Name>) => Promise<void>,
  ) =>
    test(title, async (fixture) => {
      const found = names.map((name) => [name, capability(fixture.store, name)]);
      if (found.some(([, able]) => able === undefined)) return;
      await run({ ...fixture, ...Object.fromEntries(found) });
    });

  test("content that was written is there, byte for byte", async ({ store }) => {
    const bytes = text("hello");
    const blob = describeBytes("application/vnd.test", bytes);
    assert.equal(await store.has(blob), false);
    await store.write(blob, bytesSource(bytes));
    assert.equal(await store.has(blob), true);
    assert.deepEqual(await read(store, blob), bytes);
  });

  test("an empty blob is content like any other", async ({ store }) => {
    const blob = describeBytes("application/vnd.test", new Uint8Array());
    await store.write(blob, bytesSource(new Uint8Array()));
    assert.equal((await read(store, blob)).byteLength, 0);
  });

  test("a range of content can be read", async ({ store }) => {
    const bytes = text("0123456789");
    const blob = describeBytes("application/vnd.test", bytes);
    await store.write(blob, bytesSource(bytes));
    assert.deepEqual(await read(store, blob, [3, 6]), text("345"));
    assert.deepEqual(await read(store, blob, [8]), text("89"));
  });

  testWith(["stat"], "the size of a blob is known from its digest", async ({ store, stat }) => {
    const bytes = text("hello");
    const blob = describeBytes("application/vnd.test", bytes);
    await assert.rejects(stat(blob.digest), NotFoundError);
    await store.write(blob, bytesSource(bytes));
    assert.equal((await stat(blob.digest)).size, 5);
  });

  test("reading what is not there is a NotFoundError", async ({ store }) => {
    const blob = describeBytes("application/vnd.test", text("absent"));
    await assert.rejects(store.open(blob), NotFoundError);
    await assert.rejects(store.resolve("absent"), NotFoundError);
    await assert.rejects(store.resolve(blob.digest), NotFoundError);
  });

  const lies: [string, Uint8Array, (bytes: Uint8Array) => Descriptor][] = [
    [
      "other bytes of the right size",
      text("evil!"),
      () => describeBytes("application/vnd.test", text("hello")),
    ],
    ["too few bytes", text("hell"), () => describeBytes("application/vnd.test", text("hello"))],
    ["too many bytes", text("hello!"), () => describeBytes("application/vnd.test", text("hello"))],
  ];
  for (const [what, bytes, descriptor] of lies) {
    test(`${what} are refused and leave nothing`, async ({ store }) => {
      const blob = descriptor(bytes);
      const liar: BlobSource = { size: blob.size, open: () => bytesSource(bytes).open() };
      await assert.rejects(store.write(blob, liar), IntegrityError);
      assert.equal(await store.has(blob), false);
    });
  }

  test("a source that fails half-way leaves nothing", async ({ store }) => {
    const blob = describeBytes("application/vnd.test", text("hello"));
    const failing: BlobSource = {
      size: 5,
      open: () =>
        Promise.resolve(streamOf((async function* () {
          yield text("he");
          throw new Error("cable cut");
        })())),
    };
    await assert.rejects(store.write(blob, failing), /cable cut/);
    assert.equal(await store.has(blob), false);
  });

  test("a tag names a manifest and moves with the next tagging", async ({ store }) => {
    const first = sampleArtifact("first");
    const second = sampleArtifact("second");
    await writeSample(store, first);
    await writeSample(store, second);
    await store.tag(first.manifest, "v1");
    assert.equal((await store.resolve("v1")).digest, first.manifest.digest);
    await store.tag(second.manifest, "v1");
    const resolved = await store.resolve("v1");
    assert.equal(resolved.digest, second.manifest.digest);
    assert.equal(resolved.mediaType, MediaType.imageManifest);
    assert.equal(resolved.size, second.bytes.byteLength);
    assert.deepEqual(await read(store, resolved), second.bytes);
  });

  test("a digest resolves like a tag", async ({ store }) => {
    const sample = sampleArtifact();
    await writeSample(store, sample);
    assert.equal((await store.resolve(sample.manifest.digest)).size, sample.bytes.byteLength);
  });

  test("a manifest that is written with a tag has its digest and the tag", async ({ store }) => {
    const sample = sampleArtifact();
    await store.write(sample.layer, bytesSource(sample.layerBytes));
    await store.write(sample.config, bytesSource(sample.configBytes));
    const source = bytesSource(sample.bytes);
    await writeTagged(store, { manifest: sample.manifest, source, tag: "v1" });
    assert.equal(await store.has(sample.manifest), true);
    assert.equal((await store.resolve("v1")).digest, sample.manifest.digest);
    assert.equal((await store.resolve(sample.manifest.digest)).size, sample.manifest.size);
  });

  test("tags are listed in bytewise order", async ({ store }) => {
    const sample = sampleArtifact();
    await writeSample(store, sample);
    for (const tag of ["b", "a10", "A", "a2"]) await store.tag(sample.manifest, tag);
    assert.deepEqual(await Array.fromAsync(store.tags()), ["A", "a10", "a2", "b"]);
  });

  test("tagging a manifest that is not there is a NotFoundError", async ({ store }) => {
    await assert.rejects(store.tag(sampleArtifact().manifest, "v1"), NotFoundError);
  });

  testWith(
    ["mount"],
    "a sibling's blob can be mounted without reading it",
    async ({ store, sibling, mount }) => {
      const bytes = text("shared");
      const blob = describeBytes("application/vnd.test", bytes);
      const from = capability(sibling, "origin")?.(blob);
      assert(from !== undefined);
      assert.equal(await mount(blob, from), false);
      await sibling.write(blob, bytesSource(bytes));
      assert.equal(await store.has(blob), false);
      assert.equal(await mount(blob, from), true);
      assert.deepEqual(await read(store, blob), bytes);
    },
  );

  testWith(
    ["referrers"],
    "referrers of a manifest are listed, by type when asked",
    async ({ store, referrers }) => {
      const subject = sampleArtifact();
      const referrer = sampleArtifact("signature", {
        subject: subject.manifest,
        artifactType: "application/vnd.test.signature",
        annotations: { by: "me" },
      });
      await writeSample(store, subject);
      await writeSample(store, referrer);
      const all = await Array.fromAsync(referrers(subject.manifest));
      assert.deepEqual(all.map((item) => [item.digest, item.artifactType, item.annotations]), [
        [referrer.manifest.digest, "application/vnd.test.signature", { by: "me" }],
      ]);
      const none = referrers(subject.manifest, { artifactType: "application/vnd.other" });
      assert.deepEqual(await Array.fromAsync(none), []);
    },
  );

  testWith(["untag"], "removing a tag leaves the manifest", async ({ store, untag }) => {
    const sample = sampleArtifact();
    await writeSample(store, sample);
    await store.tag(sample.manifest, "v1");
    await store.tag(sample.manifest, "v2");
    await untag("v1");
    await assert.rejects(store.resolve("v1"), NotFoundError);
    await assert.rejects(untag("v1"), NotFoundError);
    assert.equal((await store.resolve("v2")).digest, sample.manifest.digest);
  });

  testWith(
    ["delete"],
    "removing a manifest removes its tags",
    async ({ store, delete: remove }) => {
      const sample = sampleArtifact();
      await writeSample(store, sample);
      await store.tag(sample.manifest, "v1");
      await remove(sample.manifest);
      await assert.rejects(store.resolve("v1"), NotFoundError);
      await assert.rejects(store.resolve(sample.manifest.digest), NotFoundError);
      await assert.rejects(remove(sample.manifest), NotFoundError);
      assert.deepEqual(await Array.fromAsync(store.tags()), []);
    },
  );

  testWith(
    ["ingest"],
    "an ingest finds the digest while the bytes pass",
    async ({ store, ingest }) => {
      await using upload = await ingest();
      await upload.append(streamOf([text("one "), text("two")]));
      assert.equal(upload.size, 7);
      const blob = await upload.commit();
      assert.equal(blob.digest, digestBytes(text("one two")));
      assert.deepEqual(await read(store, blob), text("one two"));
    },
  );

  testWith(
    ["ingest", "resumeIngest"],
    "an ingest can be taken up again where it stopped",
    async ({ store, ingest, resumeIngest }) => {
      let id: string;
      {
        await using started = await ingest();
        id = started.id;
        await assert.rejects(
          started.append(streamOf((async function* () {
            yield text("one ");
            throw new Error("cable cut");
          })())),
          /cable cut/,
        );
      }
      await using resumed = await resumeIngest(id);
      assert.equal(resumed.size, 4);
      await resumed.append(streamOf([text("two")]));
      const blob = await resumed.commit(digestBytes(text("one two")));
      assert.deepEqual(await read(store, blob), text("one two"));
      await assert.rejects(resumeIngest(id), NotFoundError);
    },
  );

  testWith(
    ["ingest", "resumeIngest"],
    "an ingest whose digest is wrong is gone, and so are its bytes",
    async ({ store, ingest, resumeIngest }) => {
      await using upload = await ingest();
      await upload.append(streamOf([text("evil")]));
      await assert.rejects(upload.commit(digestBytes(text("good"))), IntegrityError);
      await assert.rejects(resumeIngest(upload.id), NotFoundError);
      assert.equal(await store.has(anonymousBlob(digestBytes(text("evil")), 4)), false);
    },
  );

  testWith(["ingest"], "an ingest can be verified under sha512", async ({ store, ingest }) => {
    await using upload = await ingest();
    await upload.append(streamOf([text("strong")]));
    const digest = digestBytes(text("strong"), "sha512");
    const blob = await upload.commit(digest);
    assert.equal(blob.digest, digest);
    assert.deepEqual(await read(store, blob), text("strong"));
  });

  testWith(
    ["ingest", "resumeIngest"],
    "an aborted ingest is forgotten",
    async ({ ingest, resumeIngest }) => {
      await using upload = await ingest();
      await upload.append(streamOf([text("half")]));
      await upload.abort();
      await assert.rejects(resumeIngest(upload.id), NotFoundError);
    },
  );
}
