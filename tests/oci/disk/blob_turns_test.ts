/** Whose turn it is to receive a blob. */
import assert from "node:assert/strict";
import { digestBytes } from "../../../src/core/digest.ts";
import { bytesSource } from "../../../src/core/content/source.ts";
import { DiskRepository } from "../../../src/oci/disk_repository.ts";
import { DiskStore } from "../../../src/oci/disk_store.ts";
import { anonymousBlob } from "../../../src/oci/store.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const BLOBS = ["one", "two", "three"].map((text) => {
  const bytes = new TextEncoder().encode(text);
  return anonymousBlob(digestBytes(bytes), bytes.byteLength);
});
const [BLOB] = BLOBS as [typeof BLOBS[number]];

/** A process of its own, as far as locks can tell. */
async function writer(folder: TempFolder) {
  const store = new DiskStore(folder.path);
  const lock = await store.lock.shared();
  return { store, take: () => store.turns.take(BLOB), end: () => lock[Symbol.asyncDispose]() };
}

/** Whether a promise is settled when others had time to be. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  const late = new Promise((resolve) => setTimeout(resolve, 120, "late"));
  return await Promise.race([promise, late]) === "late";
}

Deno.test("one has the turn at a blob, and the others get it one after the other", async () => {
  await using folder = await tempFolder();
  const writers = await Promise.all([1, 2, 3].map(() => writer(folder)));
  const first = await writers[0]!.take();
  const others = writers.slice(1).map(({ take }) => take());
  assert.ok(await isOpen(Promise.race(others)));
  await first[Symbol.asyncDispose]();
  const second = await Promise.race(others);
  await second[Symbol.asyncDispose]();
  for (const each of await Promise.all(others)) {
    if (each !== second) await each[Symbol.asyncDispose]();
  }
  for (const { end } of writers) await end();
  assert.deepEqual([...Deno.readDirSync(writers[0]!.store.layout.turns)], []);
});

Deno.test("turns at different blobs do not wait for each other, and neither do those of a store that is elsewhere", async () => {
  await using folder = await tempFolder();
  await using elsewhere = await tempFolder();
  const [one, two] = [await writer(folder), await writer(elsewhere)];
  const turns = [
    ...await Promise.all(BLOBS.map((blob) => one.store.turns.take(blob))),
    await two.take(),
  ];
  for (const turn of turns) await turn[Symbol.asyncDispose]();
  await one.end();
  await two.end();
});

Deno.test("the turn of a process that is gone is taken over by one of those who want it", async () => {
  await using folder = await tempFolder();
  const gone = await writer(folder);
  const [living, other] = [await writer(folder), await writer(folder)];
  await gone.take();
  const taking = [living.take(), other.take()];
  assert.ok(await isOpen(Promise.race(taking)));
  // Its locks end with it, and the names that it gave stay.
  await gone.end();
  const turn = await Promise.race(taking);
  assert.ok(await isOpen(Promise.all(taking)));
  await turn[Symbol.asyncDispose]();
  for (const each of await Promise.all(taking)) {
    if (each !== turn) await each[Symbol.asyncDispose]();
  }
  await living.end();
  await other.end();
});

Deno.test("what is small and at hand waits for no turn, whoever has it", async () => {
  await using folder = await tempFolder();
  const [one, two] = [await writer(folder), await writer(folder)];
  const turn = await one.take();
  const source = bytesSource(new TextEncoder().encode("one"));
  const stores = [one, two].map(({ store }) => new DiskRepository("localhost/a", store));
  await Promise.all(stores.map((store) => store.write(BLOB, source)));
  assert.equal(await new Response(await stores[0]!.open(BLOB)).text(), "one");
  const streamed = { size: source.size, open: source.open };
  const waiting = new DiskRepository("localhost/b", two.store).write(BLOB, streamed);
  assert.ok(await isOpen(waiting), "what comes from elsewhere may be on its way already");
  await turn[Symbol.asyncDispose]();
  await waiting;
  for (const { end } of [one, two]) await end();
});

Deno.test("where a file system knows no second names, a lock of its own is the turn", async () => {
  await using folder = await tempFolder();
  const [one, two] = [await writer(folder), await writer(folder)];
  const linkSync = Deno.linkSync;
  Deno.linkSync = () => {
    throw new Deno.errors.PermissionDenied("Operation not permitted (os error 1)");
  };
  try {
    const first = await one.take();
    const second = two.take();
    assert.ok(await isOpen(second));
    await first[Symbol.asyncDispose]();
    await (await second)[Symbol.asyncDispose]();
  } finally {
    Deno.linkSync = linkSync;
  }
  await one.end();
  await two.end();
});

Deno.test("who waits for a turn stops when it is told to", async () => {
  await using folder = await tempFolder();
  const [one, two] = [await writer(folder), await writer(folder)];
  const turn = await one.take();
  const stop = new AbortController();
  const waiting = two.store.turns.take(BLOB, { signal: stop.signal });
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
  await turn[Symbol.asyncDispose]();
  await one.end();
  await two.end();
});

Deno.test("a turn without the store's lock is a fault of ours, and a folder that cannot be written to says so", async () => {
  await using folder = await tempFolder();
  const store = new DiskStore(folder.path);
  await assert.rejects(store.turns.take(BLOB), /writes to the store/);
  await folder.write("content.v1/docker/registry/v2/_turns", "a file");
  const one = await writer(folder);
  await assert.rejects(one.take(), /_turns/);
  await Deno.remove(store.layout.turns);
  await (await one.take())[Symbol.asyncDispose]();
  await one.end();
});

Deno.test("writers that begin at the same time share a lock, whoever of them ends first", async () => {
  await using folder = await tempFolder();
  for (const count of [2, 3, 5]) {
    const { lock, turns } = new DiskStore(folder.path);
    const writers = await Promise.all(Array.from({ length: count }, () => lock.shared()));
    for (const [index, writer] of writers.entries()) {
      const turn = await turns.take(BLOBS[index % BLOBS.length]!);
      await turn[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
    }
    await using _alone = await lock.exclusive({ timeout: 0 });
  }
});
