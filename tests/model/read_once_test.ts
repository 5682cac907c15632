/** How often a build reads the files that it sends to a registry. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { digestBytes } from "../../src/core/digest.ts";
import type { ProgressEvent } from "../../src/core/operation.ts";
import { createModelBackend } from "../../src/model/backend.ts";
import type { BuildOptions, UploadOptions } from "../../src/model/operations/packaging.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { fail, fakeClient, FakeRegistry, type Intercept } from "../support/fake_registry.ts";
import { tempFolder } from "../support/temp.ts";

const SIZE = 5 * 1024 * 1024 + 100_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 17 + (index >> 9));

/** Counts what is read from files while `work` runs, small documents aside. */
async function countingReads(work: () => Promise<unknown>): Promise<number> {
  const { read, readSync } = Deno.FsFile.prototype;
  let bytes = 0;
  Deno.FsFile.prototype.read = async function (buffer) {
    const count = await read.call(this, buffer);
    if ((count ?? 0) > 50_000) bytes += count!;
    return count;
  };
  Deno.FsFile.prototype.readSync = function (buffer) {
    const count = readSync.call(this, buffer);
    if ((count ?? 0) > 50_000) bytes += count!;
    return count;
  };
  try {
    await work();
    return bytes;
  } finally {
    Object.assign(Deno.FsFile.prototype, { read, readSync });
  }
}

/** A workspace with one large file, and builds of it into a registry. */
async function setup(intercept?: Intercept) {
  const folder = await tempFolder();
  const path = await folder.write("ws/large.bin", BYTES);
  // A file that has just changed is not remembered.
  await Deno.utime(path, 1_000_000, 1_000_000);
  await folder.write("ws/Modelfile", "NAME demo\nMODEL large.bin\n");
  const registry = new FakeRegistry(intercept);
  const client = fakeClient(registry.transport);
  const backend = createModelBackend({
    catalog: diskCatalog(folder.join("store")),
    digestCache: folder.join("digests"),
    connect: client.connect,
    now: () => 0,
  });
  const build = (options: Partial<BuildOptions> = {}) =>
    backend.build(folder.join("ws"), {
      targets: ["registry.test/a:v1"],
      outputRemote: true,
      ...options,
    });
  const uploadedBytes = () => registry.requests.reduce((sum, { size }) => sum + size, 0);
  const upload = (options: Pick<UploadOptions, "raw" | "progress">) =>
    backend.upload(path, { repository: "registry.test/a", destinationDir: ".", ...options });
  return { folder, registry, build, upload, uploadedBytes };
}

const FORMS: Readonly<Record<string, Partial<BuildOptions>>> = {
  "as it is": { raw: true },
  "in an archive": { raw: false },
  "compressed with gzip": { raw: false, compression: "gzip" },
  "compressed with zstd": { raw: false, compression: "zstd" },
};

for (const [what, options] of Object.entries(FORMS)) {
  Deno.test(`a file that is sent ${what} is read once`, async () => {
    const { folder, registry, build } = await setup();
    await using _folder = folder;
    const read = await countingReads(() => build(options));
    assert.equal(read, SIZE);
    const methods = registry.requests.map(({ method }) => method);
    assert.deepEqual(methods.slice(0, 3), ["POST", "PATCH", "PUT"]);
    assert.equal(methods.filter((method) => method === "PATCH").length, 1);
  });
}

Deno.test("what the registry did not take while it was hashed does not count as sent", async () => {
  const { folder, upload } = await setup(({ method }) =>
    method === "PATCH" ? fail(405, "UNSUPPORTED") : undefined
  );
  await using _folder = folder;
  const ends: unknown[] = [];
  const isEnd = ({ state }: ProgressEvent) => state === "done" || state === "fail";
  await upload({
    raw: true,
    progress: (event) => void (isEnd(event) && ends.push([event.phase, event.state])),
  });
  assert.deepEqual(ends, [["upload", "fail"], ["hash", "done"], ["upload", "done"]]);
});

Deno.test("what is sent while it is hashed is what the manifest lists", async () => {
  const { folder, registry, build } = await setup();
  await using _folder = folder;
  await build({ raw: true });
  assert.ok(registry.uploaded.includes(digestBytes(BYTES)));
});

for (const [what, options] of Object.entries(FORMS)) {
  Deno.test(`a file that was sent ${what} before is not read again`, async () => {
    const { folder, registry, build } = await setup();
    await using _folder = folder;
    // The runtime tells the time of the last change in seconds: it is trusted two seconds later.
    await delay(2_100);
    const { digest } = await build(options);
    registry.requests.length = 0;
    assert.equal(await countingReads(() => build(options)), 0);
    assert.deepEqual(registry.requests.map(({ method }) => method), ["HEAD", "HEAD", "PUT"]);
    assert.equal((await build(options)).digest, digest);
  });
}

for (const raw of [true, false]) {
  const form = raw ? "as it is" : "in an archive";
  Deno.test(`a file that was uploaded ${form} is neither read nor sent by the build`, async () => {
    const { folder, registry, build, upload, uploadedBytes } = await setup();
    await using _folder = folder;
    await delay(2_100);
    const { layer } = await upload({ raw });
    assert.ok(uploadedBytes() >= SIZE);
    registry.requests.length = 0;
    const read = await countingReads(async () => {
      const built = await build({ raw });
      assert.deepEqual(built.layers.map(({ digest }) => digest), [layer.digest]);
    });
    assert.equal(read, 0);
    assert.ok(uploadedBytes() < 10_000, "only the documents are sent");
  });
}

Deno.test("a file that changed after it was uploaded is read and sent", async () => {
  const { folder, build, upload, uploadedBytes } = await setup();
  await using _folder = folder;
  await delay(2_100);
  await upload({ raw: true });
  const before = uploadedBytes();
  await Deno.writeFile(folder.join("ws/large.bin"), BYTES.toReversed());
  assert.equal(await countingReads(() => build({ raw: true })), SIZE);
  assert.ok(uploadedBytes() - before >= SIZE);
});

Deno.test("a file that is packed in another way, or that the registry has lost, is read", async () => {
  const { folder, registry, build } = await setup();
  await using _folder = folder;
  await delay(2_100);
  const packed = { raw: false, compression: "zstd" } as const;
  await build(packed);
  await Deno.chmod(folder.join("ws/large.bin"), 0o600);
  assert.equal(await countingReads(() => build(packed)), SIZE);
  assert.equal(await countingReads(() => build({ raw: false })), SIZE);
  const blobs = registry.uploaded;
  const repository = registry.catalog.repository("a");
  for (const digest of new Set(blobs)) await repository.delete(anonymousBlob(digest, 0));
  assert.equal(await countingReads(() => build(packed)), SIZE);
});

const REFUSALS: Readonly<Record<string, Intercept>> = {
  "no streams": (request) =>
    request.method === "PATCH" && !request.headers.has("Content-Length")
      ? fail(411, "UNSUPPORTED")
      : undefined,
  "no parts": (request) => request.method === "PATCH" ? fail(405, "UNSUPPORTED") : undefined,
  "no large bodies": (request) =>
    request.method === "PATCH" && request.headers.get("Content-Range")?.endsWith(`-${SIZE - 1}`)
      ? fail(413, "SIZE_INVALID")
      : undefined,
  "to answer the first time": (() => {
    let lost = false;
    return (request: Request) => {
      if (request.method !== "PATCH" || lost) return undefined;
      lost = true;
      throw new TypeError("connection reset");
    };
  })(),
};

for (const [what, intercept] of Object.entries(REFUSALS)) {
  for (const options of [{ raw: true }, { raw: false, compression: "gzip" as const }]) {
    Deno.test(`a registry that wants ${what} gets the file all the same (${JSON.stringify(options)})`, async () => {
      const { folder, registry, build } = await setup(intercept);
      await using _folder = folder;
      const { digest } = await build(options);
      assert.equal(registry.log.at(-1), "PUT /v2/a/manifests/v1");
      assert.ok(registry.uploaded.length >= 2, digest);
      assert.deepEqual(await registry.unfinishedUploads(), []);
    });
  }
}

Deno.test("a file that changes while it is sent ends the build, and nothing stays", async () => {
  let path = "";
  const { folder, registry, build } = await setup((request) => {
    if (request.method === "PATCH") Deno.truncateSync(path, 1000);
    return undefined;
  });
  await using _folder = folder;
  path = folder.join("ws/large.bin");
  await assert.rejects(build({ raw: true }), /changed while it was read/);
  assert.deepEqual(await registry.unfinishedUploads(), []);
});
