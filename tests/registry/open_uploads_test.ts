import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { readDirIfExists } from "../../src/core/files.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { OpenUploads } from "../../src/registry/open_uploads.ts";
import { fakeClient, FakeRegistry, type Intercept } from "../support/fake_registry.ts";
import { tempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;
const BYTES = Uint8Array.from({ length: 6 * MIB }, (_, index) => index * 7 + (index >> 10));
const BLOB = anonymousBlob(digestBytes(BYTES), BYTES.byteLength);
const KEY = { registry: "registry.test", repository: "a", digest: BLOB.digest };

/** A registry that took `kept` bytes of an upload that another run began. */
async function begun(folder: string, kept: Uint8Array<ArrayBuffer>, intercept?: Intercept) {
  const registry = new FakeRegistry(intercept);
  const base = "https://registry.test/v2/a/blobs/uploads/";
  const opened = await registry.transport(new Request(base, { method: "POST" }));
  const location = new URL(opened.headers.get("Location")!, base);
  await registry.transport(new Request(location, { method: "PATCH", body: kept }));
  await using note = await new OpenUploads(folder).open(KEY);
  await note!.write(location.href);
  registry.requests.length = 0;
  return registry;
}

/** Writes the blob with the cache folder of that name. */
async function write(registry: FakeRegistry, cacheFolder: string): Promise<string[]> {
  await using client = fakeClient(registry.transport, { cacheFolder });
  await client.repository("registry.test/a").write(BLOB, bytesSource(BYTES));
  return registry.requests.map(({ method, size }) => `${method} ${size}`);
}

Deno.test("an upload that an earlier run began is taken up again", async () => {
  await using folder = await tempFolder();
  const registry = await begun(folder.join("uploads"), BYTES.slice(0, 2 * MIB));
  assert.deepEqual(await write(registry, folder.path), [
    "HEAD 0",
    "GET 0",
    `PATCH ${4 * MIB}`,
    "PUT 0",
  ]);
  assert.deepEqual(registry.uploaded, [BLOB.digest]);
  assert.deepEqual(await readDirIfExists(folder.join("uploads")), []);
});

Deno.test("an upload that the registry has lost begins again, once", async () => {
  await using folder = await tempFolder();
  const registry = await begun(
    folder.join("uploads"),
    BYTES.slice(0, 2 * MIB),
    (request) => request.method === "GET" ? new Response(null, { status: 404 }) : undefined,
  );
  assert.deepEqual(await write(registry, folder.path), [
    "HEAD 0",
    "GET 0",
    "POST 0",
    `PUT ${6 * MIB}`,
  ]);
});

Deno.test("an upload that holds other bytes is begun again", async () => {
  await using folder = await tempFolder();
  const registry = await begun(folder.join("uploads"), new Uint8Array(2 * MIB));
  const steps = await write(registry, folder.path);
  assert.equal(steps.at(-1), `PUT ${6 * MIB}`);
  assert.deepEqual(registry.uploaded, [BLOB.digest]);
});

const NOTES: readonly string[] = [
  "",
  "https://registry.test/v2/a/blobs/uploads/1",
  "no URL\n",
  "https://10.0.0.1/upload\n",
  "http://registry.test/v2/a/blobs/uploads/1\n",
  "file:///etc/passwd\n",
  `https://registry.test/${"x".repeat(10_000)}\n`,
];

for (const text of NOTES) {
  Deno.test(`a note that cannot be used is none: ${text.slice(0, 50).trim()}`, async () => {
    await using folder = await tempFolder();
    const registry = await begun(folder.join("uploads"), BYTES.slice(0, MIB));
    const [entry] = await readDirIfExists(folder.join("uploads"));
    await Deno.writeTextFile(folder.join("uploads", entry!.name), text);
    assert.deepEqual(await write(registry, folder.path), ["HEAD 0", "POST 0", `PUT ${6 * MIB}`]);
  });
}

Deno.test("the note of an upload that another command is sending is left alone", async () => {
  await using folder = await tempFolder();
  const registry = await begun(folder.join("uploads"), BYTES.slice(0, MIB));
  await using _note = await new OpenUploads(folder.join("uploads")).open(KEY);
  assert.deepEqual(await write(registry, folder.path), ["HEAD 0", "POST 0", `PUT ${6 * MIB}`]);
});

Deno.test("the note of an upload whose blob the registry has is dropped when that is seen", async () => {
  await using folder = await tempFolder();
  const registry = await begun(folder.join("uploads"), BYTES.slice(0, MIB));
  await registry.catalog.repository("a").write(BLOB, bytesSource(BYTES));
  assert.deepEqual(await write(registry, folder.path), ["HEAD 0"]);
  assert.deepEqual(await readDirIfExists(folder.join("uploads")), []);
});

Deno.test("a finished blob of another repository, and one that is being sent, drop no note", async () => {
  await using folder = await tempFolder();
  const uploads = folder.join("uploads");
  const registry = await begun(uploads, BYTES.slice(0, MIB));
  await registry.catalog.repository("b").write(BLOB, bytesSource(BYTES));
  await using client = fakeClient(registry.transport, { cacheFolder: folder.path });
  assert.equal(await client.repository("registry.test/b").has(BLOB), true);
  assert.equal((await readDirIfExists(uploads)).length, 1);
  await registry.catalog.repository("a").write(BLOB, bytesSource(BYTES));
  await using note = await new OpenUploads(uploads).open(KEY);
  assert.equal(await client.repository("registry.test/a").has(BLOB), true);
  assert.notEqual(await note!.location(), undefined);
});

Deno.test("notes are bounded in number and age", async () => {
  await using folder = await tempFolder();
  for (let index = 0; index < 205; index++) await folder.write(`uploads/${index}`, "x");
  await folder.write("uploads/old", "x");
  await Deno.utime(folder.join("uploads/old"), 1, 1);
  await using _note = await new OpenUploads(folder.join("uploads")).open(KEY);
  const names = (await readDirIfExists(folder.join("uploads"))).map(({ name }) => name);
  assert.ok(names.length <= 201, `${names.length} notes`);
  assert.ok(!names.includes("old"));
});

Deno.test("an upload that is stopped stays at the registry, and one of wrong bytes does not", async () => {
  await using folder = await tempFolder();
  const stop = new AbortController();
  const reason = new DOMException("Interrupted", "AbortError");
  const registry = new FakeRegistry((request) => {
    if (request.method === "PUT") stop.abort(reason);
    return undefined;
  });
  await using client = fakeClient(registry.transport, { cacheFolder: folder.path });
  const repository = client.repository("registry.test/a");
  const writing = repository.write(BLOB, bytesSource(BYTES), { signal: stop.signal });
  await assert.rejects(writing, (error) => error === reason);
  assert.equal((await registry.unfinishedUploads()).length, 1);
  assert.equal((await readDirIfExists(folder.join("uploads"))).length, 1);
  await assert.rejects(repository.write(BLOB, bytesSource(new Uint8Array(BLOB.size))), /digest/i);
  assert.deepEqual(await readDirIfExists(folder.join("uploads")), []);
});
