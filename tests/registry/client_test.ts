import assert from "node:assert/strict";
import { AccessDeniedError, InvalidInputError, NotFoundError } from "../../src/core/errors.ts";
import type { ConnectOptions } from "../../src/oci/connect.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryStore } from "../../src/oci/memory_store.ts";
import { readContent } from "../../src/oci/store.ts";
import { fail, fakeClient, FakeRegistry } from "../support/fake_registry.ts";

Deno.test("ping() reaches the registry and nothing else", async () => {
  const registry = new FakeRegistry();
  await fakeClient(registry.transport).ping("registry.test:5000");
  assert.deepEqual(registry.log, ["GET /v2/"]);
  assert.equal(registry.requests[0]?.origin, "https://registry.test:5000");
});

Deno.test("ping() with a wrong password is denied with one try", async () => {
  let tries = 0;
  const client = fakeClient(() => {
    tries++;
    const headers = { "WWW-Authenticate": 'Basic realm="r"' };
    return Promise.resolve(new Response(null, { status: 401, headers }));
  }, { credentials: { find: () => Promise.resolve({ username: "a", password: "wrong" }) } });
  await assert.rejects(client.ping("registry.test"), (error) => {
    assert(error instanceof AccessDeniedError);
    assert.equal(error.facts.remedy, "run `modelops login registry.test`");
    assert(!error.message.includes("wrong"));
    return true;
  });
  assert.equal(tries, 2);
});

Deno.test("ping() of something that is no registry says so", async () => {
  const client = fakeClient(() => Promise.resolve(fail(404, "X")));
  await assert.rejects(client.ping("registry.test"), NotFoundError);
});

Deno.test("repository() takes references and names with hosts", () => {
  const client = fakeClient(() => Promise.reject(new Error("must not be used")));
  assert.equal(client.repository("registry.test:5000/a/b").name, "registry.test:5000/a/b");
  const reference = { registry: "docker.io", repository: "library/a" };
  assert.equal(client.repository(reference).name, "docker.io/library/a");
  for (
    const name of ["", "a", "registry.test/", "registry.test/A", "registry.test/../x", "r t/a"]
  ) {
    assert.throws(() => client.repository(name), InvalidInputError, name);
  }
});

Deno.test("credentials of one registry are not sent to another", async () => {
  const seen = new Map<string, string | null>();
  const client = fakeClient((request) => {
    const { host } = new URL(request.url);
    const authorization = request.headers.get("Authorization");
    seen.set(host, authorization);
    const status = authorization ? 200 : 401;
    return Promise.resolve(
      new Response(null, { status, headers: { "WWW-Authenticate": "Basic" } }),
    );
  }, {
    credentials: {
      find: (registry) =>
        Promise.resolve(registry === "a.test" ? { username: "a", password: "b" } : undefined),
    },
  });
  await client.ping("a.test");
  await assert.rejects(client.ping("a.test:5000"), AccessDeniedError);
  await assert.rejects(client.ping("b.test"), AccessDeniedError);
  assert.equal(seen.get("a.test"), `Basic ${btoa("a:b")}`);
  assert.equal(seen.get("a.test:5000"), null);
  assert.equal(seen.get("b.test"), null);
});

Deno.test("requests that start together share what they learn", async () => {
  let tokens = 0;
  const client = fakeClient((request) => {
    const url = new URL(request.url);
    if (url.protocol === "https:") return Promise.reject(new TypeError("InvalidContentType"));
    if (url.pathname === "/token") return Promise.resolve(Response.json({ token: `t${++tokens}` }));
    if (request.headers.has("Authorization")) return Promise.resolve(new Response("{}"));
    const headers = { "WWW-Authenticate": 'Bearer realm="http://localhost:5000/token"' };
    return Promise.resolve(new Response(null, { status: 401, headers }));
  });
  await Promise.all(Array.from({ length: 5 }, () => client.ping("localhost:5000")));
  assert.equal(tokens, 1);
});

Deno.test("copyGraph() moves an artifact to a registry, across it, and back", async () => {
  const source = memoryStore();
  const layer = describeBytes("application/x-layer", new Uint8Array(3000).fill(7));
  const config = describeBytes(MediaType.emptyJson, new TextEncoder().encode("{}"));
  const document = {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    config,
    layers: [layer],
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const root = describeBytes(MediaType.imageManifest, bytes);
  await source.write(layer, bytesSource(new Uint8Array(3000).fill(7)));
  await source.write(config, bytesSource(new TextEncoder().encode("{}")));
  await source.write(root, bytesSource(bytes));
  const registry = new FakeRegistry();
  const client = fakeClient(registry.transport);
  const [a, b] = [client.repository("registry.test/a"), client.repository("registry.test/b")];
  assert.equal((await copyGraph(source, a, root)).copied, 3);
  assert.equal((await copyGraph(source, a, root)).skipped, 1);
  assert.deepEqual(await copyGraph(a, b, root), { copied: 1, skipped: 2, bytes: root.size });
  await b.tag(root, "v1");
  const target = memoryStore();
  await copyGraph(b, target, await b.resolve("v1"));
  assert.deepEqual(await readContent(target, layer), new Uint8Array(3000).fill(7));
  const perBlob = registry.requests.filter(({ path }) =>
    path.includes(layer.digest) && path.includes("/a/")
  );
  assert.deepEqual(perBlob.map(({ method }) => method), ["HEAD"]);
});

Deno.test("repositories share a session where they are reached in the same way", () => {
  const client = fakeClient(() => Promise.reject(new Error("must not be used")), {
    insecure: true,
  });
  const placeOf = (options?: ConnectOptions) =>
    client.repository("registry.test/a", options).origin().place;
  assert.equal(placeOf({ insecure: true, proxy: undefined }), placeOf());
  assert.equal(placeOf({ plainHttp: true }), placeOf({ plainHttp: true }));
  assert.notEqual(placeOf({ plainHttp: true }), placeOf());
  assert.notEqual(placeOf({ insecure: false }), placeOf());
  assert.notEqual(placeOf({ proxy: "http://proxy.test" }), placeOf());
});

Deno.test("an operation may say how a registry is reached", async () => {
  const registry = new FakeRegistry();
  const client = fakeClient(registry.transport);
  await client.ping("registry.test", { plainHttp: true });
  await client.ping("registry.test");
  assert.deepEqual(registry.requests.map(({ origin }) => origin), [
    "http://registry.test",
    "https://registry.test",
  ]);
});
