import assert from "node:assert/strict";
import { readSource } from "../../src/core/content/read_source.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { describeBytes } from "../../src/oci/descriptor.ts";
import { MediaType } from "../../src/oci/media_types.ts";
import { memoryStore } from "../../src/oci/memory_store.ts";
import { overlayStore } from "../../src/oci/overlay_store.ts";
import { storeSource } from "../../src/oci/store.ts";
import { wrapped } from "../../src/oci/wrapped.ts";

const text = (words: string) => new TextEncoder().encode(words);

Deno.test("what is laid over a store is read from where it is, without a stream between", async () => {
  const below = memoryStore();
  const kept = describeBytes(MediaType.octetStream, text("below"));
  await below.write(kept, bytesSource(text("below")));
  const store = overlayStore(below);
  const laid = store.add(MediaType.octetStream, text("laid over it"));
  const source = { ...bytesSource(text("a file")), open: () => assert.fail("it was opened") };
  const file = describeBytes(MediaType.octetStream, text("a file"));
  await store.write(file, source);
  assert.equal(storeSource(store, file), source);
  assert.deepEqual(await readSource(storeSource(store, file)), text("a file"));
  assert.deepEqual(await readSource(storeSource(store, laid)), text("laid over it"));
  assert.deepEqual(await readSource(storeSource(store, kept)), text("below"));
  // Who opens content in another way shows nothing of it by this one.
  const closed = wrapped(store, { open: () => Promise.reject(new Error("closed")) });
  await assert.rejects(readSource(storeSource(closed, file)), /closed/);
});

Deno.test("an overlay has what is laid over it and what is below, and changes nothing below", async () => {
  const below = memoryStore();
  const kept = describeBytes(MediaType.octetStream, text("below"));
  await below.write(kept, bytesSource(text("below")));
  const store = overlayStore(below);
  const laid = store.add(MediaType.octetStream, text("laid over it"));
  const unknown = describeBytes(MediaType.octetStream, text("nowhere"));
  const has = async (where: typeof below | typeof store) =>
    await Promise.all([kept, laid, unknown].map((each) => where.has(each)));
  assert.deepEqual(await has(store), [true, true, false]);
  assert.deepEqual(await has(below), [true, false, false]);
});
