import assert from "node:assert/strict";
import { diskInternals } from "../support/disk_internals.ts";
import { join } from "node:path";
import { digestBytes, EMPTY_DIGEST } from "../../src/core/digest.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { streamOf } from "../../src/core/streams.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import type { ManifestDocument } from "../../src/oci/manifest.ts";
import { readManifest } from "../../src/oci/store.ts";
import { DiskLayout } from "../../src/oci/disk_layout.ts";
import { sampleArtifact, storeConformance, writeSample } from "../conformance/store.ts";
import { tempFolder } from "../support/temp.ts";

storeConformance("disk store", async () => {
  const folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  return {
    store: catalog.repository("registry.test/one"),
    sibling: catalog.repository("localhost:5000/models/two"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

async function filesBelow(path: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    const name = join(prefix, entry.name);
    if (entry.isDirectory) found.push(...await filesBelow(join(path, entry.name), name));
    else found.push(name);
  }
  return found.sort();
}

Deno.test("the disk store keeps exactly the tree of a Distribution registry", async () => {
  await using folder = await tempFolder();
  const store = diskCatalog(folder.path).repository("localhost:5000/demo");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  await store.tag(sample.manifest, "v1");
  const hex = (descriptor: { digest: string }) => descriptor.digest.slice(7);
  const blob = (descriptor: { digest: string }) =>
    `blobs/sha256/${hex(descriptor).slice(0, 2)}/${hex(descriptor)}/data`;
  const repository = "repositories/localhost:5000/demo";
  assert.deepEqual(
    await filesBelow(folder.join("content.v1/docker/registry/v2")),
    [
      ...[sample.layer, sample.config, sample.manifest].map(blob),
      ...[sample.layer, sample.config].map((layer) =>
        `${repository}/_layers/sha256/${hex(layer)}/link`
      ),
      `${repository}/_manifests/revisions/sha256/${hex(sample.manifest)}/link`,
      `${repository}/_manifests/tags/v1/current/link`,
      `${repository}/_manifests/tags/v1/index/sha256/${hex(sample.manifest)}/link`,
    ].sort(),
  );
  const link = folder.join(
    "content.v1/docker/registry/v2",
    repository,
    "_manifests/tags/v1/current/link",
  );
  assert.equal(await Deno.readTextFile(link), sample.manifest.digest);
});

Deno.test("a store that was never written to has no repositories and makes no folder", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.join("never"));
  assert.deepEqual(await Array.fromAsync(catalog.repositories()), []);
  assert.deepEqual(await Array.fromAsync(catalog.repository("registry.test/x").tags()), []);
  await assert.rejects(Deno.stat(folder.join("never")), Deno.errors.NotFound);
});

Deno.test("what is no folder is no empty store", async () => {
  await using temp = await tempFolder();
  await temp.write("file", "");
  await Deno.symlink(temp.join("nothing"), temp.join("dangling"));
  await Deno.symlink(temp.join("file"), temp.join("link"));
  for (const name of ["file", "dangling", "link"]) {
    const catalog = diskCatalog(temp.join(name));
    const expected = { kind: "conflict", message: /^Cannot use ".*" as a store: it is no folder$/ };
    await assert.rejects(Array.fromAsync(catalog.repositories()), expected);
    await assert.rejects(catalog.prune({ dryRun: true }), expected);
    await assert.rejects(catalog.usage(), expected);
  }
  // A link to a folder is one, be it empty or not.
  await Deno.symlink(temp.path, temp.join("folder"));
  assert.deepEqual(await Array.fromAsync(diskCatalog(temp.join("folder")).repositories()), []);
});

Deno.test("repositories are listed by name, nested ones and hosts with ports included", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const names = ["[::1]:5000/v6", "a.test/m", "a.test/m/sub", "a.test/m-x", "localhost:5000/m"];
  for (const name of names) await writeSample(catalog.repository(name), sampleArtifact());
  assert.deepEqual(await Array.fromAsync(catalog.repositories()), [
    "[::1]:5000/v6",
    "a.test/m",
    "a.test/m-x",
    "a.test/m/sub",
    "localhost:5000/m",
  ]);
});

Deno.test("folders of hosts are hosts for Docker's clients, which read the store too", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const hosts = ["[::1]", "[::]:5000", "[fe80::]", "[::ffff:10.0.0.1]:80", "[2001:db8::a:0]"];
  const names = hosts.map((host) => `${host}/demo`).sort();
  for (const name of names) await writeSample(catalog.repository(name), sampleArtifact());
  assert.deepEqual(await Array.fromAsync(catalog.repositories()), names);
  const part = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
  for await (const { name } of Deno.readDir(diskInternals(folder.path).layout.repositories)) {
    assert.match(name, new RegExp(`^${part}(?:\\.${part})*(?::[0-9]+)?$`));
  }
});

Deno.test("a blob whose file was cut short counts as absent and is repaired by the next write", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const bytes = new TextEncoder().encode("whole content");
  const blob = describeBytes("application/vnd.test", bytes);
  await store.write(blob, bytesSource(bytes));
  await Deno.truncate(diskInternals(folder.path).layout.blobData(blob.digest), 3);
  assert.equal(await store.has(blob), false);
  await store.write(blob, bytesSource(bytes));
  assert.equal(await store.has(blob), true);
  assert.deepEqual(
    await Deno.readFile(diskInternals(folder.path).layout.blobData(blob.digest)),
    bytes,
  );
});

Deno.test("a manifest whose bytes rotted at the same size is repaired by the next write", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  const path = diskInternals(folder.path).layout.blobData(sample.manifest.digest);
  await Deno.writeFile(path, new Uint8Array(sample.bytes.byteLength));
  assert.equal(await store.has(sample.manifest), false);
  await store.write(sample.manifest, bytesSource(sample.bytes));
  assert.deepEqual(await Deno.readFile(path), sample.bytes);
});

Deno.test("an upload survives a commit that was interrupted, and not one with wrong bytes", async () => {
  await using folder = await tempFolder();
  const store = diskCatalog(folder.path).repository("registry.test/x");
  const ingest = await store.ingest();
  await ingest.append(streamOf([new Uint8Array(10)]));
  const { id } = ingest;
  await ingest[Symbol.asyncDispose]();
  const resumed = await store.resumeIngest(id);
  const signal = AbortSignal.abort(new Error("stop"));
  await assert.rejects(
    resumed.commit(digestBytes(new Uint8Array(10), "sha512"), { signal }),
    /stop/,
  );
  await resumed[Symbol.asyncDispose]();
  await using again = await store.resumeIngest(id);
  assert.equal(again.size, 10);
  await again.commit(digestBytes(new Uint8Array(10)));
});

Deno.test("a manifest whose layer is missing does not count as being here", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  await Deno.remove(diskInternals(folder.path).layout.blobFolder(sample.layer.digest), {
    recursive: true,
  });
  assert.equal(await store.has(sample.manifest), false);
});

Deno.test("two writers of the same blob at once both succeed and leave one copy", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("registry.test/x");
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const blob = describeBytes("application/vnd.test", bytes);
  await Promise.all(Array.from({ length: 8 }, () => store.write(blob, bytesSource(bytes))));
  assert.deepEqual(
    await Deno.readFile(diskInternals(folder.path).layout.blobData(blob.digest)),
    bytes,
  );
  assert.deepEqual(
    await Array.fromAsync(Deno.readDir(diskInternals(folder.path).layout.uploads(store.name))),
    [],
  );
});

Deno.test("names that would leave the store are refused", () => {
  const layout = new DiskLayout("content.v1");
  for (
    const name of [
      "../x",
      "a/../b",
      "",
      "a//b",
      "/etc",
      "a/_layers",
      ".hidden/x",
      "a/b\0",
      "a\\b/c",
    ]
  ) {
    assert.throws(() => layout.repository(name), InvalidInputError, name);
  }
  for (const tag of ["..", "a/b", "", "-x"]) {
    assert.throws(() => layout.tag("a/b", tag), InvalidInputError, tag);
  }
});

Deno.test("on Windows the port's colon is encoded, and decoded when listing", () => {
  const layout = new DiskLayout("content.v1", "windows");
  assert.match(layout.repository("localhost:5000/demo"), /localhost%3A5000/);
  assert.equal(layout.repositoryName(["localhost%3A5000", "demo"]), "localhost:5000/demo");
});

Deno.test("damaged content is replaced by whoever brings the right bytes", async () => {
  await using folder = await tempFolder();
  const catalog = diskCatalog(folder.path);
  const store = catalog.repository("localhost:5000/demo");
  const bytes = new TextEncoder().encode("weights");
  const blob = describeBytes("application/octet-stream", bytes);
  const path = diskInternals(folder.path).layout.blobData(blob.digest);
  const ways = {
    async write() {
      assert.equal(await store.has(blob), false);
      await store.write(blob, bytesSource(bytes));
    },
    async upload() {
      const ingest = await store.ingest();
      await ingest.append(streamOf([bytes]));
      await ingest.commit(blob.digest);
    },
    async "write to another repository"() {
      await catalog.repository("localhost:5000/other").write(blob, bytesSource(bytes));
    },
  };
  await store.write(blob, bytesSource(bytes));
  const later = new Date(Date.now() + 60_000);
  for (const [name, bring] of Object.entries(ways)) {
    for (const damage of ["weighty", "short"]) {
      await Deno.writeTextFile(path, damage);
      await Deno.utime(path, later, later);
      await bring();
      assert.deepEqual(await Deno.readFile(path), bytes, `${name} left "${damage}"`);
    }
  }
  assert.equal(await store.has(blob), true);
});

Deno.test("content that was only touched is read once and kept", async () => {
  await using folder = await tempFolder();
  const store = diskCatalog(folder.path).repository("localhost:5000/demo");
  const bytes = new TextEncoder().encode("weights");
  const blob = describeBytes("application/octet-stream", bytes);
  await store.write(blob, bytesSource(bytes));
  const { layout } = diskInternals(folder.path);
  const [data, link] = [
    layout.blobData(blob.digest),
    layout.memberLink("localhost:5000/demo", "_layers", blob.digest),
  ];
  await Deno.utime(link, 1000, 1000);
  await Deno.utime(data, 2000, 2000);
  assert.equal(await store.has(blob), true);
  assert.ok((await Deno.stat(link)).mtime!.getTime() > 2_000_000);
});

Deno.test("a manifest that its writer has parsed is not parsed again for its tags", async () => {
  await using folder = await tempFolder();
  const store = diskCatalog(folder.path).repository("localhost:5000/demo");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  const parsed = await readManifest(store, sample.manifest);
  assert.equal(parsed.kind, "manifest");
  let asked = 0;
  const document: ManifestDocument = { ...parsed, kind: "manifest", layers: [] };
  Object.defineProperty(document, "layers", { get: () => (asked++, []) });
  await store.write(sample.manifest, bytesSource(parsed.bytes), { document });
  for (const tag of ["v1", "v2", "v3"]) await store.tag(sample.manifest, tag);
  assert.equal(asked, 3, "the flush of each tag looks at the document that is held");
  await assert.rejects(
    store.tag({ ...sample.manifest, digest: EMPTY_DIGEST }, "v4"),
    NotFoundError,
  );
});

/** The paths that `work` opens at once, without a promise, as flushes do. */
async function opened(work: () => Promise<void>): Promise<string[]> {
  const paths: string[] = [];
  const original = Deno.openSync;
  Deno.openSync = (path, options) => {
    paths.push(`${path}`);
    return original(path, options);
  };
  try {
    await work();
  } finally {
    Deno.openSync = original;
  }
  return paths;
}

Deno.test("tag() flushes all layers, but not what the tag that it is told names already", async () => {
  await using folder = await tempFolder();
  const store = diskCatalog(folder.path).repository("localhost:5000/demo");
  const sample = sampleArtifact();
  await writeSample(store, sample);
  const flushed = async (tag: string, namedBy?: string) => {
    const layer = sample.layer.digest.slice("sha256:".length);
    const paths = await opened(() => store.tag(sample.manifest, tag, { namedBy }));
    return paths.some((path) => path.includes(layer));
  };
  assert.equal(await flushed("v1"), true);
  assert.equal(await flushed("v2", "v1"), false);
  assert.equal(await flushed("v3", "v2"), false);
  assert.equal(await flushed("v4"), true);
  assert.equal(await flushed("v5", "absent"), true);
  const other = sampleArtifact("other");
  await writeSample(store, other);
  await store.tag(other.manifest, "other");
  assert.equal(await flushed("v6", "other"), true, "that tag names something else");
});
