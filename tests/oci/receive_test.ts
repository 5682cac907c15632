/** Large blobs from registries into the local store: resumed, shared, never wrong. @module */
import assert from "node:assert/strict";
import { digestBytes } from "../../src/core/digest.ts";
import { IntegrityError } from "../../src/core/errors.ts";
import { bytesSource } from "../../src/core/content/source.ts";
import { copyGraph } from "../../src/oci/copy_graph.ts";
import { diskCatalog } from "../../src/oci/disk_catalog.ts";
import { memoryCatalog } from "../../src/oci/memory_store.ts";
import { anonymousBlob } from "../../src/oci/store.ts";
import { RegistryClient } from "../../src/registry/client.ts";
import { createRegistryHandler } from "../../src/server/handler.ts";
import { tempFolder } from "../support/temp.ts";

const SIZE = 9 * 1024 * 1024 + 5;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => index * 31 + (index >> 10));
const BLOB = anonymousBlob(digestBytes(BYTES), SIZE);

/** What a server does with the bodies of blobs; the count is that of the request, from 1. */
type Change = (response: Response, count: number) => Response;

/** A registry on a free port that has the blob, and changes what it sends. */
async function registry(change: Change = (response) => response) {
  const catalog = memoryCatalog();
  await catalog.repository("models/demo").write(BLOB, bytesSource(BYTES));
  const handler = createRegistryHandler(catalog);
  const asked: { range: string | null; sent: number }[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const response = await handler(request);
      if (request.method !== "GET" || !request.url.includes("/blobs/")) return response;
      const entry = { range: request.headers.get("Range"), sent: 0 };
      asked.push(entry);
      return counted(change(response, asked.length), (bytes) => entry.sent += bytes);
    },
  );
  const client = new RegistryClient({ retry: { firstWait: 1 } });
  return {
    asked,
    repository: client.repository(`127.0.0.1:${server.addr.port}/models/demo`),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

function counted(response: Response, onBytes: (bytes: number) => void): Response {
  const body = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        onBytes(chunk.byteLength);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(body, response);
}

/** An answer that ends after some bytes although it promised more. */
function cutAfter(response: Response, bytes: number): Response {
  let left = bytes;
  const body = response.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left -= Math.min(left, chunk.byteLength);
        if (left === 0) controller.terminate();
      },
    }),
  );
  const { status, headers } = response;
  headers.delete("Content-Length");
  return new Response(body, { status, headers });
}

Deno.test("a blob that is cut at every tenth comes whole, and no byte of it twice", async () => {
  for (let tenth = 1; tenth <= 9; tenth++) {
    await using folder = await tempFolder();
    const at = Math.floor(SIZE * tenth / 10);
    await using from = await registry((response, count) =>
      count === 1 ? cutAfter(response, at) : response
    );
    const store = diskCatalog(folder.path).repository("models/demo");
    await copyGraph(from.repository, store, BLOB);
    assert.equal(await store.has(BLOB), true);
    assert.deepEqual(await Deno.readFile(store.filePath(BLOB)), BYTES);
    assert.deepEqual(from.asked.map(({ range }) => range), [null, `bytes=${at}-${SIZE - 1}`]);
    assert.equal(from.asked.reduce((sum, { sent }) => sum + sent, 0), SIZE);
  }
});

Deno.test("a blob that is cut for ever is given up, and a later copy goes on from there", async () => {
  await using folder = await tempFolder();
  const half = Math.floor(SIZE / 2);
  const store = diskCatalog(folder.path).repository("models/demo");
  {
    await using from = await registry((response, count) =>
      cutAfter(response, count === 1 ? half : 0)
    );
    await assert.rejects(copyGraph(from.repository, store, BLOB), {
      name: "TransferError",
      message: new RegExp(`after ${half} of ${SIZE} bytes$`),
    });
  }
  assert.equal(await store.has(BLOB), false);
  await using from = await registry();
  await copyGraph(from.repository, store, BLOB);
  assert.deepEqual(await Deno.readFile(store.filePath(BLOB)), BYTES);
  assert.deepEqual(from.asked.map(({ range }) => range), [`bytes=${half}-${SIZE - 1}`]);
  assert.deepEqual(await leftovers(folder.path), []);
});

Deno.test("a blob whose bytes are wrong is refused, and nothing of it stays", async () => {
  await using folder = await tempFolder();
  await using from = await registry((response) => {
    const { status, headers } = response;
    return new Response(BYTES.map((byte) => byte ^ 1), { status, headers });
  });
  const store = diskCatalog(folder.path).repository("models/demo");
  await assert.rejects(copyGraph(from.repository, store, BLOB), IntegrityError);
  assert.equal(await store.has(BLOB), false);
  assert.equal((await leftovers(folder.path)).includes("data.partial"), false);
});

Deno.test("what an earlier run left and is wrong is fetched again, once", async () => {
  await using folder = await tempFolder();
  const store = diskCatalog(folder.path).repository("models/demo");
  {
    await using from = await registry((response, count) =>
      cutAfter(response, count === 1 ? Math.floor(SIZE / 2) : 0)
    );
    await assert.rejects(copyGraph(from.repository, store, BLOB));
  }
  const [partial] = await partials(folder.path);
  using file = await Deno.open(partial!, { write: true });
  await file.write(new Uint8Array([1, 2, 3]));
  await using from = await registry();
  await copyGraph(from.repository, store, BLOB);
  assert.deepEqual(await Deno.readFile(store.filePath(BLOB)), BYTES);
  assert.deepEqual(from.asked.map(({ range }) => range !== null), [true, false]);
});

Deno.test("two copies of one blob at once: one receives it, the other waits and has it", async () => {
  await using folder = await tempFolder();
  await using from = await registry();
  const copies = ["models/demo", "models/other"].map(async (name) => {
    // Two catalogs, as two processes have them.
    const store = diskCatalog(folder.path).repository("models/demo");
    await copyGraph(from.repository, store, BLOB);
    return [name, await store.has(BLOB)];
  });
  assert.deepEqual((await Promise.all(copies)).map(([, has]) => has), [true, true]);
  assert.equal(from.asked.length, 1);
  assert.deepEqual(await leftovers(folder.path), []);
});

Deno.test("a copy that is stopped says why, and leaves what came for the next", async () => {
  await using folder = await tempFolder();
  const stop = new AbortController();
  const reason = new Error("enough");
  const store = diskCatalog(folder.path).repository("models/demo");
  await using from = await registry((response) => {
    stop.abort(reason);
    return response;
  });
  await assert.rejects(copyGraph(from.repository, store, BLOB, { signal: stop.signal }), reason);
  assert.equal(await store.has(BLOB), false);
});

async function uploadFiles(storageDir: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await visit(path);
      else if (path.includes("/_uploads/")) found.push(path);
    }
  };
  await visit(storageDir);
  return found;
}

/** The names of files that unfinished uploads have left. */
async function leftovers(storageDir: string): Promise<string[]> {
  return (await uploadFiles(storageDir)).map((path) => path.slice(path.lastIndexOf("/") + 1));
}

async function partials(storageDir: string): Promise<string[]> {
  return (await uploadFiles(storageDir)).filter((path) => path.endsWith("data.partial"));
}
