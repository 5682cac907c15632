import assert from "node:assert/strict";
import { withDocument } from "../../../src/server/bodies/document_body.ts";
import { RegistryFault } from "../../../src/server/fault.ts";

const LIMIT = 4 * 1024 * 1024;

/** A request whose body comes in these pieces; `sized` tells its length before. */
function requestOf(pieces: Iterable<Uint8Array>, sized = false): Request {
  const all = [...pieces];
  const length = `${all.reduce((sum, piece) => sum + piece.byteLength, 0)}`;
  const body = ReadableStream.from(all);
  const headers: Record<string, string> = sized ? { "content-length": length } : {};
  return new Request("http://registry.test/", { method: "PUT", body, headers });
}

function* pieces(count: number, size: number): Generator<Uint8Array> {
  for (let index = 0; index < count; index++) yield new Uint8Array(size).fill(index);
}

function isFault(status: number): (error: unknown) => boolean {
  return (error) => error instanceof RegistryFault && error.status === status;
}

Deno.test("a document is read whole, in whatever pieces it comes", async () => {
  for (
    const [count, size] of [[0, 0], [1, 1], [20_000, 1], [3, 16 * 1024], [64, 65_536]] as const
  ) {
    for (const sized of [true, false]) {
      const expected = [...pieces(count, size)].flatMap((piece) => [...piece]);
      const request = requestOf(pieces(count, size), sized);
      const bytes = await withDocument(request, LIMIT, (bytes) => Promise.resolve(bytes.slice()));
      assert.deepEqual(bytes, new Uint8Array(expected));
    }
  }
});

Deno.test("a small document that tells its size takes no more memory than that", async () => {
  const taken = await withDocument(
    requestOf(pieces(1, 400), true),
    LIMIT,
    ({ buffer }) => Promise.resolve(buffer.byteLength),
  );
  assert.equal(taken, 400);
});

Deno.test("a document above the limit is refused, whether or not it tells its size", async () => {
  const never = () => Promise.reject(new Error("it is not used"));
  for (const [limit, count] of [[LIMIT, 65], [100, 1], [20_000, 1]] as const) {
    for (const sized of [true, false]) {
      const request = requestOf(pieces(count, 65_536), sized);
      await assert.rejects(withDocument(request, limit, never), isFault(413));
    }
  }
});

Deno.test("few large documents are in memory at once, and too many are turned away", async () => {
  for (const [count, size, expected] of [[2, 65_536, 128], [64, 65_536, 4], [8, 65_536, 32]]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    let [now, most] = [0, 0];
    const use = async () => {
      most = Math.max(most, ++now);
      await promise;
      now--;
    };
    const large = () => withDocument(requestOf(pieces(count!, size!), true), LIMIT, use);
    const waiting = Array.from({ length: 200 }, large);
    const settled = Promise.allSettled(waiting);
    await withDocument(requestOf(pieces(1, 1000)), LIMIT, () => Promise.resolve());
    resolve();
    const refused = (await settled).filter(({ status }) => status === "rejected");
    assert.ok(refused.length < 200, `${refused.length} are refused`);
    assert.ok(refused.every((result) => isFault(503)((result as PromiseRejectedResult).reason)));
    assert.ok(most <= expected!, `${most} of ${count! * size!} bytes at once`);
  }
});

Deno.test("the memory of a document serves for the next one, and for one at a time", async () => {
  const seen = new Set<ArrayBufferLike>();
  const inUse = new Set<ArrayBufferLike>();
  const use = async ({ buffer }: Uint8Array) => {
    assert.ok(!inUse.has(buffer));
    inUse.add(buffer);
    seen.add(buffer);
    await new Promise((resolve) => setTimeout(resolve, 0));
    inUse.delete(buffer);
  };
  for (let round = 0; round < 10; round++) {
    const request = () => requestOf(pieces(64, 65_536), true);
    await Promise.all([1, 2, 3].map(() => withDocument(request(), LIMIT, use)));
  }
  assert.ok(seen.size <= 4, `${seen.size} buffers for 30 documents, three at once`);
});
