import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { hostlessCatalog } from "../../src/library/hostless_catalog.ts";
import { serveStore } from "../../src/library/serve.ts";
import { capability } from "../../src/oci/capabilities.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { looksLikeHost } from "../../src/oci/reference.ts";
import { type ContentStore, readContent } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { storeConformance } from "../conformance/store.ts";
import { tempFolder } from "../support/temp.ts";

storeConformance("hostless", async () => {
  const temp = await tempFolder();
  const catalog = hostlessCatalog(diskCatalog(temp.path), { anyHost: true });
  return {
    store: catalog.repository("models/demo"),
    sibling: catalog.repository("models/other"),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
});

const OCI = "application/vnd.oci.image.manifest.v1+json";

/** Puts an artifact with one blob into a repository, and names it. */
async function put(store: ContentStore, text: string, tag: string) {
  const bytes = new TextEncoder().encode(text);
  const config = describeBytes("application/vnd.oci.empty.v1+json", bytes);
  await store.write(config, bytesSource(bytes));
  const document = { schemaVersion: 2, mediaType: OCI, config, layers: [] };
  const manifest = new TextEncoder().encode(JSON.stringify(document));
  const root = describeBytes(OCI, manifest);
  await store.write(root, bytesSource(manifest));
  await store.tag(root, tag);
  return { root, config };
}

Deno.test("a name without a host lies under one, and is shown without it", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const catalog = hostlessCatalog(disk);
  await put(catalog.repository("team/model"), "a", "v1");
  await put(catalog.repository("registry.test/m"), "b", "v1");
  assert.deepEqual(await Array.fromAsync(disk.repositories()), [
    "localhost/team/model",
    "registry.test/m",
  ]);
  assert.deepEqual(await Array.fromAsync(catalog.repositories()), [
    "registry.test/m",
    "team/model",
  ]);
  assert.deepEqual(await disk.hosts(), ["localhost", "registry.test"]);
});

Deno.test("what lies where earlier versions wrote it is found, and written under a host", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const old = await put(disk.repository("team/model"), "old", "v1");
  const store = hostlessCatalog(disk).repository("team/model");
  assert.deepEqual(await store.resolve("v1"), old.root);
  assert.equal((await readContent(store, old.config)).byteLength, 3);
  await put(store, "new", "v2");
  assert.deepEqual(await Array.fromAsync(store.tags()), ["v1", "v2"]);
  assert.deepEqual(await Array.fromAsync(disk.repository("localhost/team/model").tags()), ["v2"]);
  await capability(store, "untag")!("v1");
  assert.deepEqual(await Array.fromAsync(store.tags()), ["v2"]);
});

Deno.test("what was made under a host is found under its path where that is wanted", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const made = await put(disk.repository("registry.test:5000/m"), "made", "v1");
  assert.deepEqual(
    await hostlessCatalog(disk, { anyHost: true }).repository("m").resolve("v1"),
    made.root,
  );
  await assert.rejects(hostlessCatalog(disk).repository("m").resolve("v1"), /does not have it/);
});

Deno.test("a name that several hosts have is that of none of them, unless it is the same", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const one = await put(disk.repository("a.test/m"), "one", "v1");
  const two = await put(disk.repository("b.test:5000/m"), "two", "v1");
  await put(disk.repository("a.test/m"), "same", "v2");
  const same = await put(disk.repository("b.test:5000/m"), "same", "v2");
  const handler = createRegistryHandler(hostlessCatalog(disk, { anyHost: true }));
  const ask = (path: string, method = "GET") =>
    handler(new Request(`http://registry.test/v2/${path}`, { method }));
  for (const method of ["GET", "DELETE"]) {
    const refused = await ask("m/manifests/v1", method);
    assert.equal(refused.status, 404);
    const { errors } = await refused.json();
    assert.match(errors[0].message, /m:v1.*whole name/);
    assert.deepEqual(errors.map(({ detail }: { detail: unknown }) => detail), [
      { repository: "a.test/m", digest: one.root.digest },
      { repository: "b.test:5000/m", digest: two.root.digest },
    ]);
  }
  const digestOf = (response: Response) => response.headers.get("docker-content-digest");
  assert.equal(digestOf(await ask("m/manifests/v2", "HEAD")), same.root.digest);
  assert.equal(digestOf(await ask(`m/manifests/${two.root.digest}`, "HEAD")), two.root.digest);
  assert.equal(digestOf(await ask("b.test:5000/m/manifests/v1", "HEAD")), two.root.digest);
  // What has the name itself goes before both.
  const own = await put(hostlessCatalog(disk).repository("m"), "own", "v1");
  assert.equal(digestOf(await ask("m/manifests/v1", "HEAD")), own.root.digest);
  assert.equal((await ask("m/manifests/v1", "DELETE")).status, 202);
  assert.equal((await ask("m/manifests/v1")).status, 404);
  assert.deepEqual(await Array.fromAsync(disk.repository("a.test/m").tags()), ["v1", "v2"]);
});

Deno.test("the tags of all hosts come in one list, page by page", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const hosted = {
    "localhost/m": ["b", "d"],
    "m": ["a", "z"],
    "x.test/m": ["b", "c"],
    "y.test/m": [],
  };
  for (const [name, tags] of Object.entries(hosted)) {
    for (const tag of tags) await put(disk.repository(name), name, tag);
  }
  const catalog = hostlessCatalog(disk, { anyHost: true });
  const store = catalog.repository("m");
  assert.deepEqual(await Array.fromAsync(store.tags()), ["a", "b", "c", "d", "z"]);
  assert.deepEqual(await Array.fromAsync(store.tags({ after: "b" })), ["c", "d", "z"]);
  const handler = createRegistryHandler(catalog);
  const pages: string[][] = [];
  for (let path: string | undefined = "/v2/m/tags/list?n=2"; path !== undefined;) {
    const answer: Response = await handler(new Request(`http://registry.test${path}`));
    pages.push((await answer.json()).tags);
    path = /<(.*)>/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  assert.deepEqual(pages, [["a", "b"], ["c", "d"], ["z"]]);
});

Deno.test("an empty page of tags is no missing repository, whatever host it lies under", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  await put(disk.repository("registry.test/m"), "shared", "v1");
  const handler = createRegistryHandler(hostlessCatalog(disk, { anyHost: true }));
  for (const query of ["n=0", "last=v1", "last=zzz", "n=0&last=a"]) {
    const url = `http://registry.test/v2/m/tags/list?${query}`;
    const answer = await handler(new Request(url));
    assert.equal(answer.status, 200, query);
    assert.deepEqual(await answer.json(), { name: "m", tags: [] });
  }
  const missing = await handler(new Request("http://registry.test/v2/none/tags/list?n=0"));
  assert.equal(missing.status, 404);
});

Deno.test("a blob that is found under another host belongs to what is written then", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const made = await put(disk.repository("registry.test/m"), "shared", "v1");
  const store = hostlessCatalog(disk, { anyHost: true }).repository("m");
  assert(await store.has(made.config));
  await disk.repository("registry.test/m").untag("v1");
  await disk.repository("registry.test/m").delete(made.config);
  assert.equal((await readContent(disk.repository("localhost/m"), made.config)).byteLength, 6);
});

Deno.test("a served store takes names without a host, and none of them stands at its top", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const built = await put(disk.repository("registry.example.com/team/built"), "built", "v1");
  const stop = new AbortController();
  const server = await serveStore({ storageDir: temp.path }, {
    address: "127.0.0.1:0",
    signal: stop.signal,
  });
  try {
    await using client = new RegistryClient({ plainHttp: true });
    const asked = client.repository(`${server.address}/team/built`);
    assert.deepEqual((await asked.resolve("v1")).digest, built.root.digest);
    // The same content under another name, and a push that finds its blobs there.
    await using other = await tempFolder();
    const local = diskCatalog(other.path).repository("registry.test/x");
    const { root } = await put(local, "built", "v1");
    for (const path of ["team/built", "team/pushed"]) {
      const pushed = client.repository(`${server.address}/${path}`);
      await copyGraph(local, pushed, root);
      await pushed.tag(root, "v2");
      assert.equal((await pushed.resolve("v2")).digest, root.digest);
    }
    assert.deepEqual(
      (await Array.fromAsync(client.catalog(server.address).repositories())).sort(),
      ["registry.example.com/team/built", "team/built", "team/pushed"],
    );
  } finally {
    stop.abort();
    await server.finished;
  }
  for await (const name of disk.repositories()) assert(looksLikeHost(name.split("/")[0]!), name);
});

Deno.test("what is removed under a name without a host is gone under all hosts that have it", async () => {
  await using temp = await tempFolder();
  const disk = diskCatalog(temp.path);
  const hosts = ["a.test/m", "b.test:5000/m", "localhost/m", "m"];
  let last = await put(disk.repository("a.test/m"), "same", "v1");
  for (const host of hosts) last = await put(disk.repository(host), "same", "v1");
  await put(disk.repository("b.test:5000/m"), "same", "v2");
  await put(disk.repository("a.test/m"), "same", "v2");
  await put(disk.repository("a.test/m"), "other", "v3");
  const handler = createRegistryHandler(hostlessCatalog(disk, { anyHost: true }));
  const ask = async (path: string, method = "GET") =>
    (await handler(new Request(`http://registry.test/v2/m/${path}`, { method }))).status;
  for (const tag of ["v1", "v2"]) {
    assert.equal(await ask(`manifests/${tag}`, "DELETE"), 202);
    assert.equal(await ask(`manifests/${tag}`), 404);
    assert.equal(await ask(`manifests/${tag}`, "DELETE"), 404);
  }
  for (const path of [`manifests/${last.root.digest}`, `blobs/${last.config.digest}`]) {
    assert.equal(await ask(path), 200);
    assert.equal(await ask(path, "DELETE"), 202);
    assert.equal(await ask(path), 404);
    assert.equal(await ask(path, "DELETE"), 404);
  }
  assert.equal(await ask("manifests/v3"), 200);
});
