import assert from "node:assert/strict";
import fc from "fast-check";
import { bodyLength, chunkReader } from "../../../src/core/content/chunk_reader.ts";
import { concatBytes, streamOf } from "../../../src/core/streams.ts";

/** Reads a body to its end; the memory is that of all chunks, in bytes. */
async function readThrough(body: ReadableStream<Uint8Array>, length?: number) {
  const reader = chunkReader(body, length);
  const chunks: Uint8Array[] = [];
  for (let chunk; (chunk = await reader.read()) !== undefined;) chunks.push(chunk);
  const memory = chunks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  return { bytes: concatBytes(chunks), memory };
}

/** A stream that says how much memory each read brings, and fills all of it if it can. */
function askedFor(bytes: Uint8Array) {
  const asked: number[] = [];
  let at = 0;
  const stream = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 64 * 1024,
    pull(controller) {
      const view = controller.byobRequest!.view as Uint8Array;
      asked.push(view.byteLength);
      const count = Math.min(view.byteLength, bytes.byteLength - at);
      view.set(bytes.subarray(at, at + count));
      at += count;
      if (count === 0) controller.close();
      controller.byobRequest!.respond(count);
    },
  });
  return { stream: stream as ReadableStream<Uint8Array>, asked };
}

Deno.test("a body of any size is read whole, in as much memory as it has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200_000 }), async (bytes) => {
      const { stream, asked } = askedFor(bytes);
      const read = await readThrough(stream, bytes.byteLength);
      assert.deepEqual(read.bytes, bytes);
      assert.equal(read.memory, bytes.byteLength);
      // The end is read too, into a byte.
      assert.equal(asked.reduce((sum, size) => sum + size), bytes.byteLength + 1);
    }),
    { numRuns: 50 },
  );
});

Deno.test("a body that is longer or shorter than its answer says, or of unknown size, is read to its end", async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at);
  for (const length of [undefined, 0, 10, 999, 1001, 1_000_000]) {
    assert.deepEqual((await readThrough(askedFor(bytes).stream, length)).bytes, bytes);
    assert.deepEqual((await readThrough(streamOf([bytes, bytes]), length)).bytes.length, 2000);
  }
});

Deno.test("a small answer of a server takes no more memory than it has bytes", async () => {
  await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response("x".repeat(100)));
  const response = await fetch(`http://127.0.0.1:${server.addr.port}`);
  const { bytes, memory } = await readThrough(response.body!, bodyLength(response.headers));
  assert.deepEqual([bytes.byteLength, memory], [100, 100]);
});

Deno.test("what no answer says right of its size counts as unknown", () => {
  const told = (value?: string) =>
    bodyLength(new Headers(value ? { "Content-Length": value } : {}));
  assert.equal(told("100"), 100);
  for (const value of [undefined, "-1", "1.5", "1, 1", "nonsense"]) {
    assert.equal(told(value), undefined);
  }
});
