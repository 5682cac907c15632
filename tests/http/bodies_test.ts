import assert from "node:assert/strict";
import { TransferError } from "../../src/core/errors.ts";
import { readBody } from "../../src/http/bodies.ts";

const url = "https://registry.test/v2/a/manifests/v1";

Deno.test("readBody() reads a body within its limit", async () => {
  assert.deepEqual(
    await readBody(new Response("abc"), { url }, 3),
    new TextEncoder().encode("abc"),
  );
  assert.equal((await readBody(new Response(), { url }, 3)).byteLength, 0);
  await assert.rejects(readBody(new Response("abcd"), { url }, 3), /larger than 3 bytes/);
});

const encodedAs = (encoding: string) =>
  new Response("abc", { headers: { "Content-Encoding": encoding } });

for (const encoding of ["gzip", "BR", "x-gzip", "deflate", "aws-chunked, zstd"]) {
  Deno.test(`readBody() refuses a body that came encoded as ${encoding}`, async () => {
    await assert.rejects(readBody(encodedAs(encoding), { url }, 3), /came encoded as "/);
  });
}

for (const encoding of ["", "identity", "aws-chunked", "binary", "utf-8", "none", ",,"]) {
  Deno.test(`readBody() reads a body that is called ${encoding || "nothing"}`, async () => {
    assert.equal((await readBody(encodedAs(encoding), { url }, 3)).byteLength, 3);
  });
}

Deno.test("readBody() gives up on a body that is silent for the configured time", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: () => new Promise(() => {}),
    cancel: () => void (cancelled = true),
  });
  await assert.rejects(readBody(new Response(body), { url, stallTime: 5 }, 3), (error) => {
    assert(error instanceof TransferError);
    assert.equal(error.message, 'Cannot reach "registry.test": it did not answer in time');
    return true;
  });
  assert(cancelled);
});

Deno.test("readBody() stops with the signal's reason while nothing comes", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const reading = readBody(new Response(body), { url, signal: stop.signal }, 3);
  stop.abort(reason);
  await assert.rejects(reading, (error) => error === reason);
});

/** A body of pieces that come one every few milliseconds and never come to an end. */
const trickle = (piece: Uint8Array<ArrayBuffer>) =>
  new Response(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        controller.enqueue(piece);
      },
    }),
  );

for (
  const [what, piece] of [
    ["a byte at a time", new Uint8Array(1)],
    ["two bytes at a time", new Uint8Array(2)],
    ["pieces without a byte", new Uint8Array()],
  ] as const
) {
  Deno.test(`readBody() gives up on an answer that never ends and comes as ${what}`, async () => {
    const reading = readBody(trickle(piece), { url, stallTime: 40 }, 1_000_000);
    await assert.rejects(reading, (error) => {
      assert(error instanceof TransferError);
      assert.match(
        error.message,
        /^Cannot read from "registry\.test": only \d+ bytes came in/,
      );
      return true;
    });
  });
}

Deno.test("readBody() gives up on a document that comes in crumbs, long before its limit", async () => {
  let pieces = 0;
  const crumbs = new ReadableStream<Uint8Array>({
    pull(controller) {
      pieces++;
      controller.enqueue(new Uint8Array(1));
    },
  });
  const reading = readBody(new Response(crumbs), { url }, 4 * 1024 * 1024);
  await assert.rejects(
    reading,
    /^TransferError: Cannot read from "registry.test": the answer comes/,
  );
  assert.ok(pieces < 100_000, `${pieces} pieces were read`);
});

Deno.test("readBody() waits longer than a silence for an answer that makes progress", async () => {
  const reading = readBody(trickle(new Uint8Array(1000)), { url, stallTime: 40 }, 50_000);
  await assert.rejects(reading, /the answer is larger than 50000 bytes/);
});
