/**
 * What every object store must do. Each backend runs these rows.
 * @module
 */
import assert from "node:assert/strict";
import { digestBytes, digestHex } from "../../src/core/digest.ts";
import {
  ConflictError,
  IntegrityError,
  InvalidInputError,
  NotFoundError,
} from "../../src/core/errors.ts";
import type { ProgressEvent } from "../../src/core/operation.ts";
import { type BlobSource, bytesSource } from "../../src/core/content/source.ts";
import { readAll } from "../../src/core/streams.ts";
import { downloadToFile } from "../../src/objects/download.ts";
import type { ObjectFacts, ObjectStore } from "../../src/objects/object_store.ts";
import { tempFolder } from "../support/temp.ts";

/** A store, and addresses in it. */
export interface ObjectStoreFixture {
  readonly store: ObjectStore;
  /** The address of a name; different names are different objects. */
  uri(name: string): string;
}

/** One thing that a store must do. */
export interface ObjectStoreRow {
  readonly name: string;
  run(fixture: ObjectStoreFixture): Promise<void>;
}

const MIB = 1024 * 1024;

/** The SHA-256 of bytes, as objects are given it. */
export function sha256Of(bytes: Uint8Array): string {
  return digestHex(digestBytes(bytes));
}

/** Bytes that look like noise and are the same each time: no two mebibytes of them are equal. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** All bytes of an object, or of a range of it. */
export async function readObject(
  store: ObjectStore,
  uri: string,
  range?: { start: number; end?: number },
): Promise<Uint8Array> {
  return await readAll(await store.open(uri, { range }), 512 * MIB);
}

const text = (value: string) => new TextEncoder().encode(value);

async function put(store: ObjectStore, uri: string, bytes: Uint8Array) {
  return await store.put(uri, bytesSource(bytes), { sha256: sha256Of(bytes) });
}

/** A source that counts how often it is opened. */
function countedSource(bytes: Uint8Array): BlobSource & { opened: number } {
  const source = bytesSource(bytes);
  return {
    opened: 0,
    size: source.size,
    open(options) {
      this.opened++;
      return source.open(options);
    },
  };
}

/** The rows. */
export const OBJECT_STORE_ROWS: readonly ObjectStoreRow[] = [
  {
    name: "gives back what was put, with its facts",
    async run({ store, uri }) {
      const at = uri("dir/small.bin");
      const bytes = text("a,b\n1,2\n");
      const facts = await put(store, at, bytes);
      assert.equal(facts.uri, at);
      assert.equal(facts.size, 8);
      assert.equal(facts.sha256, sha256Of(bytes));
      assert.notEqual(facts.etag, undefined);
      assert.deepEqual(await store.stat(at), facts);
      assert.deepEqual(await readObject(store, at), bytes);
    },
  },
  {
    name: "keeps an empty object",
    async run({ store, uri }) {
      const facts = await put(store, uri("empty"), new Uint8Array());
      assert.equal(facts.size, 0);
      assert.equal((await readObject(store, uri("empty"))).length, 0);
    },
  },
  {
    name: "keeps names with spaces, percent signs, plus signs and letters of any script",
    async run({ store, uri }) {
      const names = [
        "a b",
        "a%20b",
        "a%2Fb",
        "%2e%2e",
        "a+b",
        "данные/модель",
        "数据",
        "😀",
        "..a",
      ];
      for (const name of names) await put(store, uri(`names/${name}`), text(name));
      for (const name of names) {
        assert.deepEqual(await readObject(store, uri(`names/${name}`)), text(name));
      }
    },
  },
  {
    name: "gives ranges",
    async run({ store, uri }) {
      const bytes = text("0123456789");
      await put(store, uri("ranges"), bytes);
      const read = async (start: number, end?: number) =>
        new TextDecoder().decode(
          await readObject(store, uri("ranges"), end === undefined ? { start } : { start, end }),
        );
      assert.equal(await read(0), "0123456789");
      assert.equal(await read(3), "3456789");
      assert.equal(await read(2, 5), "234");
      assert.equal(await read(9, 10), "9");
      assert.equal(await read(4, 4), "");
      for (const [start, end] of [[11, 12], [2, 11], [5, 4], [-1, 2]] as const) {
        await assert.rejects(read(start, end), InvalidInputError);
      }
    },
  },
  {
    name: "says that an object is not there",
    async run({ store, uri }) {
      await assert.rejects(store.stat(uri("missing")), NotFoundError);
      await assert.rejects(store.open(uri("missing")), NotFoundError);
      await assert.rejects(
        store.open(uri("missing"), { range: { start: 5, end: 5 } }),
        NotFoundError,
      );
    },
  },
  {
    name: "replaces an object",
    async run({ store, uri }) {
      const before = await put(store, uri("replaced"), text("before"));
      const after = await put(store, uri("replaced"), text("after!"));
      assert.notEqual(after.etag, before.etag);
      assert.deepEqual(await readObject(store, uri("replaced")), text("after!"));
      await assert.rejects(
        async () => readAll(await store.open(uri("replaced"), { etag: before.etag }), MIB),
        IntegrityError,
      );
    },
  },
  {
    name: "replaces nothing that came since the caller looked, be it small or in parts",
    async run({ store, uri }) {
      for (const size of [10, 9 * MIB]) {
        const at = uri(`rivals/${size}`);
        const [ours, theirs, others] = [noise(size, 1), noise(size, 2), noise(size, 3)];
        const write = async (bytes: Uint8Array, there: ObjectFacts | "nothing") =>
          await store.put(at, bytesSource(bytes), { sha256: sha256Of(bytes), there });
        const first = await write(theirs, "nothing");
        await assert.rejects(write(ours, "nothing"), ConflictError);
        assert.deepEqual(await write(theirs, "nothing"), first);
        await write(ours, first);
        await assert.rejects(write(others, first), ConflictError);
        assert.equal((await store.stat(at)).sha256, sha256Of(ours));
        assert.equal(sha256Of(await readObject(store, at)), sha256Of(ours));
      }
    },
  },
  {
    name: "asks before it replaces other content, and nothing else",
    async run({ store, uri }) {
      for (const size of [10, 9 * MIB]) {
        const at = uri(`asked/${size}`);
        const write = async (bytes: Uint8Array) =>
          await store.put(at, bytesSource(bytes), {
            sha256: sha256Of(bytes),
            beforeReplace: () => Promise.reject(new ConflictError("no")),
          });
        await write(noise(size));
        await write(noise(size));
        await assert.rejects(write(noise(size, 2)), /^ConflictError: no$/);
        assert.equal(sha256Of(await readObject(store, at)), sha256Of(noise(size)));
      }
    },
  },
  {
    name: "refuses an object of another size than it has to have, read whole or in part",
    async run({ store, uri }) {
      await put(store, uri("sized"), text("0123456789"));
      const read = async (size: number, range?: { start: number; end?: number }) =>
        await readAll(await store.open(uri("sized"), { size, range }), MIB);
      assert.equal((await read(10)).byteLength, 10);
      assert.equal((await read(10, { start: 2, end: 5 })).byteLength, 3);
      for (const size of [9, 11, 1000]) {
        await assert.rejects(read(size), IntegrityError);
        await assert.rejects(read(size, { start: 2, end: 5 }), IntegrityError);
        await assert.rejects(read(size, { start: 2 }), IntegrityError);
      }
    },
  },
  {
    name: "does not send what it has already",
    async run({ store, uri }) {
      const source = countedSource(text("content"));
      const sha256 = sha256Of(text("content"));
      const states: ProgressEvent["state"][] = [];
      const progress = ({ state }: ProgressEvent) => void states.push(state);
      await store.put(uri("twice"), source, { sha256, progress });
      assert.equal(states.at(-1), "done");
      const facts = await store.put(uri("twice"), source, { sha256, progress });
      assert.equal(states.at(-1), "skip");
      assert.equal(source.opened, 1);
      assert.equal(facts.sha256, sha256);
    },
  },
  {
    name: "remembers the tier, and moves an object that is there to another",
    async run({ store, uri }) {
      const bytes = text("tiers");
      const sha256 = sha256Of(bytes);
      for (const tier of ["hot", "cool"] as const) {
        const facts = await store.put(uri("tier"), bytesSource(bytes), { sha256, tier });
        assert.equal(facts.tier, tier);
        assert.equal((await store.stat(uri("tier"))).tier, tier);
      }
      const kept = await store.put(uri("tier"), bytesSource(bytes), { sha256 });
      assert.equal(kept.tier, "cool");
      const archived = await store.put(uri("cold"), bytesSource(bytes), {
        sha256,
        tier: "archive",
      });
      assert.equal(archived.tier, "archive");
    },
  },
  {
    name: "refuses content with another digest or size and stays as it was",
    async run({ store, uri }) {
      await put(store, uri("kept"), text("good"));
      const sha256 = sha256Of(text("other"));
      await assert.rejects(
        store.put(uri("kept"), bytesSource(text("evil!")), { sha256 }),
        (error: Error) => error instanceof IntegrityError && error.message.includes(sha256),
      );
      const short: BlobSource = { size: 9, open: () => bytesSource(text("other")).open() };
      await assert.rejects(store.put(uri("kept"), short, { sha256 }), IntegrityError);
      assert.deepEqual(await readObject(store, uri("kept")), text("good"));
      await assert.rejects(
        store.put(uri("new"), bytesSource(text("evil!")), { sha256 }),
        IntegrityError,
      );
      await assert.rejects(store.stat(uri("new")), NotFoundError);
    },
  },
  {
    name: "refuses a digest that is none",
    async run({ store, uri }) {
      for (const sha256 of ["", "z".repeat(64), "A".repeat(64), "a".repeat(63)]) {
        await assert.rejects(
          store.put(uri("bad"), bytesSource(text("x")), { sha256 }),
          InvalidInputError,
        );
      }
    },
  },
  {
    name: "stops when it is told to",
    async run({ store, uri }) {
      await put(store, uri("stopped"), text("content"));
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      const is = (error: unknown) => error === reason;
      await assert.rejects(store.stat(uri("stopped"), { signal }), is);
      await assert.rejects(store.open(uri("stopped"), { signal }), is);
      const sha256 = sha256Of(text("fresh"));
      await assert.rejects(
        store.put(uri("fresh"), bytesSource(text("fresh")), { sha256, signal }),
        is,
      );
      await assert.rejects(store.stat(uri("fresh")), NotFoundError);
    },
  },
  {
    name: "lets go of a stream that is cancelled",
    async run({ store, uri }) {
      await put(store, uri("cancelled"), noise(3 * MIB));
      const unread = await store.open(uri("cancelled"));
      await unread.cancel();
      const stream = await store.open(uri("cancelled"));
      for await (const chunk of stream) {
        assert.notEqual(chunk.length, 0);
        break;
      }
    },
  },
  {
    name: "moves 70 MiB up in parts and down in ranges",
    async run({ store, uri }) {
      const bytes = noise(70 * MIB + 3);
      const sha256 = sha256Of(bytes);
      const facts = await put(store, uri("large"), bytes);
      assert.equal(facts.size, bytes.length);
      assert.equal(facts.sha256, sha256);
      await using folder = await tempFolder();
      const path = folder.join("down", "large.bin");
      const events: ProgressEvent[] = [];
      await downloadToFile(store, uri("large"), path, {
        size: bytes.length,
        sha256,
        progress: (event) => events.push(event),
      });
      assert.equal(sha256Of(await Deno.readFile(path)), sha256);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(folder.join("down")), (it) => it.name), [
        "large.bin",
      ]);
      assert.deepEqual(events.at(-1), {
        id: uri("large"),
        name: uri("large"),
        phase: "download",
        size: bytes.length,
        state: "done",
        bytes: bytes.length,
      });
      assert.equal(sha256Of(await readObject(store, uri("large"))), sha256);
    },
  },
];
