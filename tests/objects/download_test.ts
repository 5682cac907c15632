import assert from "node:assert/strict";
import {
  ConflictError,
  IntegrityError,
  InvalidInputError,
  NotFoundError,
} from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { streamOf } from "../../src/core/streams.ts";
import { downloadToFile } from "../../src/objects/download.ts";
import { FileStore } from "../../src/objects/file_store.ts";
import type { ObjectStore, OpenObjectOptions } from "../../src/objects/object_store.ts";
import { KEPT_FROM, PartialFile } from "../../src/transfer/partial_file.ts";
import { partSize } from "../../src/transfer/parts.ts";
import { PARALLEL_FROM } from "../../src/transfer/to_file.ts";
import { noise, sha256Of } from "../conformance/object_store.ts";
import { tempFolder } from "../support/temp.ts";
import type { TempFolder } from "../support/temp.ts";

const MIB = 1024 * 1024;
const size = PARALLEL_FROM + 3 * MIB + 1;
const bytes = noise(size);
const sha256 = sha256Of(bytes);
const PARTS = 5;
const uri = "file:large";

interface Scene extends AsyncDisposable {
  readonly folder: TempFolder;
  /** A store with one large object, which notes the ranges that are opened. */
  readonly store: ObjectStore;
  readonly opened: OpenObjectOptions[];
  /** Where the object goes. */
  readonly path: string;
  readonly partialFolder: string;
}

async function scene(content = bytes): Promise<Scene> {
  const folder = await tempFolder();
  const files = new FileStore({ root: folder.join("store") });
  await files.put(uri, bytesSource(content), { sha256: sha256Of(content) });
  const opened: OpenObjectOptions[] = [];
  return {
    folder,
    opened,
    path: folder.join("out", "large.bin"),
    partialFolder: folder.join("partial"),
    store: {
      locate: (at) => files.locate(at),
      stat: (...args) => files.stat(...args),
      put: (...args) => files.put(...args),
      open: (at, options = {}) => {
        opened.push(options);
        return files.open(at, options);
      },
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function names(path: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The store, but every range from the second on breaks in its middle. */
function breaking({ store }: Scene): ObjectStore {
  let ranges = 0;
  return {
    ...store,
    async open(at, options) {
      const stream = await store.open(at, options);
      return ++ranges === 1 ? stream : streamOf(cut(stream));
    },
  };
}

async function* cut(stream: ReadableStream<Uint8Array>) {
  let chunks = 0;
  for await (const chunk of stream) {
    if (++chunks > 3) throw new Error("cut");
    yield chunk;
  }
}

Deno.test("downloadToFile() goes on with what a failed download has left", async () => {
  await using it = await scene();
  const options = { size, sha256, partialFolder: it.partialFolder, concurrency: 1 };
  await assert.rejects(downloadToFile(breaking(it), uri, it.path, options), /cut/);
  assert.deepEqual(await names(it.folder.join("out")), []);
  assert.deepEqual((await names(it.partialFolder)).sort(), [
    `${sha256}-${size}.journal`,
    `${sha256}-${size}.partial`,
  ]);
  it.opened.length = 0;
  await downloadToFile(it.store, uri, it.path, options);
  assert.deepEqual(
    it.opened.map(({ range }) => range?.start),
    [11, 16, 24, 32].map((n) => n * MIB),
  );
  assert.equal(sha256Of(await Deno.readFile(it.path)), sha256);
  assert.deepEqual(await names(it.partialFolder), []);
});

Deno.test("downloadToFile() goes on with an object that comes in one stream, from 4 MiB on", async () => {
  for (const [size, left] of [[KEPT_FROM + 1, 2], [KEPT_FROM - 1, 0]] as const) {
    const content = bytes.subarray(0, size);
    await using it = await scene(content);
    const options = { size, sha256: sha256Of(content), partialFolder: it.partialFolder };
    const broken: ObjectStore = {
      ...it.store,
      open: async (at, options) => streamOf(cut(await it.store.open(at, options))),
    };
    await assert.rejects(downloadToFile(broken, uri, it.path, options), /cut/);
    assert.equal((await names(it.partialFolder)).length, left);
    it.opened.length = 0;
    await downloadToFile(it.store, uri, it.path, options);
    const starts = it.opened.map(({ range }) => range?.start ?? 0);
    assert.equal(starts.length, 1);
    assert.equal(starts[0]! > 0, left > 0, `${starts}`);
    assert.equal(sha256Of(await Deno.readFile(it.path)), options.sha256);
    assert.deepEqual(await names(it.partialFolder), []);
  }
});

Deno.test("downloadToFile() leaves nothing of a failed download without a folder for it", async () => {
  await using it = await scene();
  await assert.rejects(downloadToFile(breaking(it), uri, it.path, { size, sha256 }), /cut/);
  assert.deepEqual(await names(it.folder.join("out")), []);
});

Deno.test("downloadToFile() goes on after an abort, with its reason", async () => {
  await using it = await scene();
  const stop = new AbortController();
  const reason = new Error("enough");
  const options = { size, sha256, partialFolder: it.partialFolder, concurrency: 1 };
  await assert.rejects(
    downloadToFile(it.store, uri, it.path, {
      ...options,
      signal: stop.signal,
      progress: (event) => event.state !== "plan" && event.bytes > 20 * MIB && stop.abort(reason),
    }),
    (error) => error === reason,
  );
  it.opened.length = 0;
  await downloadToFile(it.store, uri, it.path, options);
  assert(it.opened.length < PARTS);
  assert.equal(sha256Of(await Deno.readFile(it.path)), sha256);
});

/** Downloads all parts but the last two, says so, and waits for its end. */
function childProgram(it: Scene): string {
  const module = (name: string) => JSON.stringify(new URL(`../../src/${name}`, import.meta.url));
  return `
    import { downloadToFile } from ${module("objects/download.ts")};
    import { FileStore } from ${module("objects/file_store.ts")};
    const files = new FileStore({ root: ${JSON.stringify(it.folder.join("store"))} });
    let opened = 0;
    const open = (uri, options) => {
      if (++opened < 4) return files.open(uri, options);
      console.log("ready");
      setInterval(() => {}, 1000);
      return new Promise(() => {});
    };
    const store = { stat: (...args) => files.stat(...args), open };
    await downloadToFile(store, ${JSON.stringify(uri)}, ${JSON.stringify(it.path)}, {
      size: ${size}, sha256: "${sha256}", concurrency: 1,
      partialFolder: ${JSON.stringify(it.partialFolder)},
    });
  `;
}

Deno.test("downloadToFile() goes on after its process was killed", async () => {
  await using it = await scene();
  const program = await it.folder.write("child.ts", childProgram(it));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--no-config", program],
    stdout: "piped",
  }).spawn();
  for await (const chunk of child.stdout) {
    if (new TextDecoder().decode(chunk).includes("ready")) child.kill("SIGKILL");
  }
  await child.status;
  assert.deepEqual(await names(it.folder.join("out")), []);
  const { partialFolder } = it;
  await downloadToFile(it.store, uri, it.path, { size, sha256, partialFolder, concurrency: 1 });
  assert.deepEqual(it.opened.map(({ range }) => range?.start), [24 * MIB, 32 * MIB]);
  assert.equal(sha256Of(await Deno.readFile(it.path)), sha256);
  assert.deepEqual(await names(partialFolder), []);
});

Deno.test("downloadToFile() starts anew when what was left is damaged", async () => {
  await using it = await scene();
  const options = { size, sha256, partialFolder: it.partialFolder, concurrency: 1 };
  await assert.rejects(downloadToFile(breaking(it), uri, it.path, options), /cut/);
  {
    const partial = it.folder.join("partial", `${sha256}-${size}.partial`);
    using file = await Deno.open(partial, { write: true });
    await file.write(new Uint8Array([1, 2, 3]));
  }
  await downloadToFile(it.store, uri, it.path, options);
  assert.equal(sha256Of(await Deno.readFile(it.path)), sha256);
  assert.deepEqual(await names(it.partialFolder), []);
});

Deno.test("downloadToFile() does not touch what another process is writing", async () => {
  await using it = await scene();
  const { partialFolder } = it;
  await Deno.mkdir(partialFolder);
  const base = it.folder.join("partial", `${sha256}-${size}`);
  await using other = await PartialFile.open(base, {
    hash: sha256,
    size,
    partSize: partSize(size),
  });
  assert.notEqual(other, undefined);
  await downloadToFile(it.store, uri, it.path, { size, sha256, partialFolder });
  assert.equal(sha256Of(await Deno.readFile(it.path)), sha256);
  assert.equal((await names(partialFolder)).length, 2);
});

Deno.test("several downloads of one object at once all end well", async () => {
  await using it = await scene();
  const options = { size, sha256, partialFolder: it.partialFolder };
  const paths = ["a", "b", "c"].map((name) => it.folder.join("out", name));
  await Promise.all(paths.map((path) => downloadToFile(it.store, uri, path, options)));
  for (const path of paths) assert.equal(sha256Of(await Deno.readFile(path)), sha256);
  assert.deepEqual(await names(it.partialFolder), []);
});

Deno.test("downloadToFile() refuses another size or digest and keeps nothing", async () => {
  const small = noise(1000);
  for (const content of [bytes, small]) {
    await using it = await scene(content);
    await it.folder.write("out/large.bin", "before");
    const right = { size: content.length, sha256: sha256Of(content) };
    const { partialFolder } = it;
    for (
      const wrong of [
        { ...right, sha256: "0".repeat(64) },
        { ...right, size: right.size + 1 },
        { ...right, size: right.size - 1 },
      ]
    ) {
      await assert.rejects(
        downloadToFile(it.store, uri, it.path, { ...wrong, partialFolder }),
        IntegrityError,
      );
      assert.deepEqual(await names(partialFolder), []);
      assert.equal(await Deno.readTextFile(it.path), "before");
      assert.deepEqual(await names(it.folder.join("out")), ["large.bin"]);
    }
  }
});

Deno.test("downloadToFile() says what is in its way", async () => {
  await using it = await scene();
  await it.folder.write("file", "x");
  await Deno.mkdir(it.path, { recursive: true });
  const inTheWay = [[it.path, InvalidInputError], [it.folder.join("file", "x"), ConflictError]];
  for (const [path, kind] of inTheWay as [string, typeof InvalidInputError][]) {
    await assert.rejects(
      downloadToFile(it.store, uri, path, { size, sha256 }),
      (error: Error) => error instanceof kind && error.message.includes(path),
    );
  }
  assert.deepEqual(await names(it.folder.join("out")), ["large.bin"]);
});

Deno.test("downloadToFile() says that an object is not there", async () => {
  await using it = await scene(noise(10));
  for (const size of [10, PARALLEL_FROM]) {
    await assert.rejects(
      downloadToFile(it.store, "file:missing", it.path, { size, sha256 }),
      NotFoundError,
    );
  }
  await assert.rejects(
    downloadToFile(it.store, uri, it.path, { size: 10, sha256: "x" }),
    InvalidInputError,
  );
});

Deno.test("downloadToFile() does not mix two versions of an object", async () => {
  await using it = await scene();
  const other = noise(size, 2);
  let ranges = 0;
  const store: ObjectStore = {
    ...it.store,
    async open(at, options) {
      if (++ranges === 2) {
        await it.store.put(uri, bytesSource(other), { sha256: sha256Of(other) });
      }
      return await it.store.open(at, options);
    },
  };
  const options = { size, sha256, concurrency: 1, partialFolder: it.partialFolder };
  await assert.rejects(downloadToFile(store, uri, it.path, options), /changed meanwhile/);
  assert.deepEqual(await names(it.partialFolder), []);
});
