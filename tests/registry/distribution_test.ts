import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  AccessDeniedError,
  IntegrityError,
  NotFoundError,
  TransferError,
  UnsupportedError,
} from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryStore } from "../../src/oci/memory_store.ts";
import { readContent } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import type { RegistryClientOptions } from "../../src/registry/client_options.ts";
import type { Transport } from "../../src/http/transport_options.ts";
import { createTransport } from "../../src/http/transport.ts";
import { fixedCredentials } from "../../src/registry/auth/credentials.ts";
import { makeCertificates } from "../support/certificates.ts";
import { e2eTest, type RegistryOptions, startRegistry } from "../support/registry.ts";
import { tempFolder } from "../support/temp.ts";

const NEEDS = { needs: ["docker-registry"] } as const;

/** An artifact with one layer, in memory. */
async function artifact(size = 3_000_000, extra: Record<string, unknown> = {}) {
  const store = memoryStore();
  const bytes = new Uint8Array(randomBytes(size));
  const layer = describeBytes("application/x-layer", bytes);
  const empty = new TextEncoder().encode("{}");
  const config = describeBytes(MediaType.emptyJson, empty);
  const document = {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    config,
    layers: [layer],
  };
  const manifest = new TextEncoder().encode(JSON.stringify({ ...document, ...extra }));
  const root = describeBytes(MediaType.imageManifest, manifest);
  await store.write(layer, bytesSource(bytes));
  await store.write(config, bytesSource(empty));
  await store.write(root, bytesSource(manifest));
  return { store, root, layer, bytes };
}

async function start(server: RegistryOptions = {}, options: RegistryClientOptions = {}) {
  const service = await startRegistry(server);
  const client = new RegistryClient(options);
  return {
    address: service.address,
    client,
    repository: (path: string) => client.repository(`${service.address}/${path}`),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}

e2eTest(
  "a Distribution registry takes an artifact and gives the same bytes back",
  NEEDS,
  async () => {
    await using registry = await start();
    const { store, root, layer, bytes } = await artifact();
    const repository = registry.repository("models/demo");
    assert.deepEqual(await Array.fromAsync(repository.tags()), []);
    assert.equal((await copyGraph(store, repository, root)).copied, 3);
    await repository.tag(root, "v2");
    await repository.tag(root, "v10");
    assert.deepEqual(await repository.resolve("v2"), root);
    assert.deepEqual(await Array.fromAsync(repository.tags()), ["v10", "v2"]);
    const target = memoryStore();
    await copyGraph(repository, target, root);
    assert.deepEqual(await readContent(target, layer), bytes);
    const part = await Array.fromAsync(
      await repository.open(layer, { range: { start: 10, end: 15 } }),
    );
    assert.deepEqual(part, [bytes.slice(10, 15)]);
    assert.equal((await copyGraph(store, repository, root)).skipped, 1);
    const names = registry.client.catalog(registry.address).repositories();
    assert.deepEqual(await Array.fromAsync(names), ["models/demo"]);
  },
);

e2eTest("a Distribution registry mounts, deletes and keeps lists of referrers", NEEDS, async () => {
  await using registry = await start();
  const { store, root, layer } = await artifact(1000);
  const [one, two] = [registry.repository("one"), registry.repository("two")];
  await copyGraph(store, one, root);
  assert.equal(await two.mount(layer, one.origin()), true);
  assert.equal(await two.has(layer), true);
  assert.equal((await copyGraph(one, two, root)).copied, 1);
  const referrer = await artifact(10, { subject: root, artifactType: "application/x-note" });
  await copyGraph(referrer.store, one, referrer.root);
  const found = await Array.fromAsync(one.referrers(root));
  assert.deepEqual(found.map(({ digest }) => digest), [referrer.root.digest]);
  await one.tag(root, "v1");
  await assert.rejects(one.untag("v1"), UnsupportedError);
  await one.delete(referrer.root);
  assert.deepEqual(await Array.fromAsync(one.referrers(root)), []);
  await assert.rejects(one.resolve(referrer.root.digest), NotFoundError);
  await one.delete(layer);
  assert.equal(await one.has(layer), false);
});

e2eTest(
  "a Distribution registry refuses wrong bytes and keeps nothing of them",
  NEEDS,
  async () => {
    await using registry = await start();
    const { layer } = await artifact(1000);
    const repository = registry.repository("models/demo");
    await assert.rejects(
      repository.write(layer, bytesSource(new Uint8Array(1000))),
      IntegrityError,
    );
    assert.equal(await repository.has(layer), false);
  },
);

/** A transport that loses the connection once, when two thirds of the first body have arrived. */
function cutting(send: Transport, bytes: Uint8Array<ArrayBuffer>): Transport {
  let cut = false;
  return async (request) => {
    if (request.method !== "PUT" || cut) return await send(request);
    cut = true;
    await request.body?.cancel();
    const body = bytes.slice(0, bytes.byteLength / 3 * 2);
    const headers = { "Content-Length": String(body.byteLength) };
    const [url = ""] = request.url.split("&digest");
    await send(new Request(url, { method: "PATCH", headers, body }));
    throw new TypeError("connection reset");
  };
}

e2eTest(
  "a Distribution registry has the blob after a connection that was lost on the way",
  NEEDS,
  async () => {
    await using registry = await start();
    const { layer, bytes } = await artifact(6_000_000);
    using network = createTransport();
    await using client = new RegistryClient({
      retry: { sleep: () => Promise.resolve() },
      transport: cutting(network.send, bytes),
    });
    const repository = client.repository(`${registry.address}/models/demo`);
    await repository.write(layer, bytesSource(bytes));
    assert.equal(await repository.has(layer), true);
  },
);

e2eTest("a Distribution registry takes an upload in parts", NEEDS, async () => {
  await using registry = await start();
  const { layer, bytes } = await artifact(9_000_000);
  using network = createTransport();
  await using client = new RegistryClient({
    transport: async (request) => {
      const length = Number(request.headers.get("Content-Length"));
      if (length <= 4 * 1024 * 1024) return await network.send(request);
      await request.body?.cancel();
      return new Response(null, { status: 413 });
    },
  });
  const repository = client.repository(`${registry.address}/models/demo`);
  await repository.write(layer, bytesSource(bytes));
  assert.equal(await repository.has(layer), true);
});

e2eTest("a Distribution registry with passwords lets in whoever has one", NEEDS, async () => {
  const htpasswd = { username: "ann", password: "pass:word" };
  await using registry = await start({ htpasswd }, { credentials: fixedCredentials(htpasswd) });
  await registry.client.ping(registry.address);
  const { store, root } = await artifact(1000);
  assert.equal((await copyGraph(store, registry.repository("a"), root)).copied, 3);
  for (const credentials of [undefined, fixedCredentials({ ...htpasswd, password: "no" })]) {
    await using stranger = new RegistryClient({ credentials });
    await assert.rejects(stranger.ping(registry.address), AccessDeniedError);
    const repository = stranger.repository(`${registry.address}/a`);
    await assert.rejects(repository.has(root), AccessDeniedError);
  }
});

e2eTest("a Distribution registry with TLS wants to be trusted, and may want to know who asks", {
  needs: ["docker-registry", "openssl"],
}, async () => {
  await using temp = await tempFolder();
  const files = await makeCertificates(temp.path);
  const caCerts = [await Deno.readTextFile(files.caFile)];
  const cert = await Deno.readTextFile(files.client.certFile);
  const key = await Deno.readTextFile(files.client.keyFile);
  const tls = { ...files.server, clientCaFile: files.caFile };
  await using registry = await start({ tls }, { caCerts, cert, key });
  const { store, root } = await artifact(1000);
  assert.equal((await copyGraph(store, registry.repository("a"), root)).copied, 3);
  await using insecure = new RegistryClient({ insecure: true, cert, key });
  const target = memoryStore();
  await copyGraph(insecure.repository(`${registry.address}/a`), target, root);
  const retry = { sleep: () => Promise.resolve() };
  await using nobody = new RegistryClient({ caCerts, retry });
  await assert.rejects(nobody.ping(registry.address), TransferError);
  await using distrustful = new RegistryClient({ cert, key });
  await assert.rejects(distrustful.ping(registry.address), /certificate is not trusted/);
});
