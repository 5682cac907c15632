import assert from "node:assert/strict";
import { bytesSource } from "../../src/core/content/source.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { describeBytes, type Descriptor } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { fakeClient, FakeRegistry } from "../support/fake_registry.ts";

const SMALL = 1024;
const LARGE = 64 * 1024;

function bytesOf(index: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, index + 1);
  return bytes;
}

/** A store with an artifact of so many layers of one size. */
async function storeWith(count: number, size: number) {
  const store = memoryCatalog().repository("registry.test/from");
  const layers: Descriptor[] = [];
  for (let index = 0; index < count; index++) {
    const layer = describeBytes(MediaType.octetStream, bytesOf(index, size));
    await store.write(layer, bytesSource(bytesOf(index, size)));
    layers.push(layer);
  }
  const config = new TextEncoder().encode("{}");
  const described = describeBytes(MediaType.emptyJson, config);
  await store.write(described, bytesSource(config));
  const document = {
    schemaVersion: 2,
    mediaType: MediaType.imageManifest,
    config: described,
    layers,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const root = describeBytes(MediaType.imageManifest, bytes);
  await store.write(root, bytesSource(bytes));
  return { store, root };
}

/** What a push of so many layers asks of a registry that has some blobs. */
async function push(count: number, size: number, there: readonly Uint8Array<ArrayBuffer>[] = []) {
  const counts = { HEAD: 0, POST: 0, PUT: 0 };
  const registry = new FakeRegistry((request, { url }) => {
    if (url.pathname.includes("/blobs/")) counts[request.method as keyof typeof counts]++;
    return undefined;
  });
  for (const bytes of there) await registry.addBlob("to", bytes);
  const client = fakeClient(registry.transport);
  const { store, root } = await storeWith(count, size);
  await copyGraph(store, client.repository("registry.test/to"), root, {
    tag: "v1",
    concurrency: 1,
  });
  return counts;
}

Deno.test("a registry that has none of many small blobs is asked about the first of them", async () => {
  assert.deepEqual(await push(100, SMALL), { HEAD: 16, POST: 101, PUT: 101 });
});

Deno.test("a registry that has one of the first small blobs is asked about all of them", async () => {
  const counts = await push(100, SMALL, [bytesOf(7, SMALL), bytesOf(90, SMALL)]);
  assert.deepEqual(counts, { HEAD: 101, POST: 99, PUT: 99 });
});

Deno.test("a registry is asked about every blob that is not small", async () => {
  const counts = await push(30, LARGE, [bytesOf(29, LARGE)]);
  assert.deepEqual([counts.HEAD >= 30, counts.PUT], [true, 30]);
});

Deno.test("has() asks the registry, whatever it said of other blobs", async () => {
  const registry = new FakeRegistry();
  const last = bytesOf(99, SMALL);
  await registry.addBlob("to", last);
  const repository = fakeClient(registry.transport).repository("registry.test/to");
  for (let index = 0; index < 50; index++) {
    const blob = describeBytes(MediaType.octetStream, bytesOf(index, SMALL));
    assert.equal(await repository.has(blob), false);
  }
  assert.equal(await repository.has(describeBytes(MediaType.octetStream, last)), true);
});
