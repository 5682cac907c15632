import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { IntegrityError, InvalidInputError } from "../../src/core/errors.ts";
import {
  borrowChunk,
  CHUNK_SIZE,
  concatBytes,
  giveBack,
  readAll,
  sized,
  streamOf,
  verified,
} from "../../src/core/streams.ts";

const expectation = (bytes: Uint8Array) => ({ digest: digestBytes(bytes), size: bytes.byteLength });

Deno.test("verified() passes content that is as promised, however it is cut", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array()), async (chunks) => {
    const bytes = concatBytes(chunks);
    const stream = streamOf(verified(streamOf(chunks), expectation(bytes)));
    assert.deepEqual(await readAll(stream, bytes.length), bytes);
  }));
});

Deno.test("verified() fails for any other content", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), async (promised, found) => {
    fc.pre(digestBytes(promised) !== digestBytes(found));
    const stream = verified(streamOf([found]), expectation(promised));
    await assert.rejects(Array.fromAsync(stream), IntegrityError);
  }));
});

Deno.test("verified() shows the digest it wanted and the one it got", async () => {
  const expected = expectation(new Uint8Array([1]));
  const stream = verified(streamOf([new Uint8Array([2])]), expected, "layer");
  await assert.rejects(Array.fromAsync(stream), {
    message: `Cannot accept layer: got digest ${digestBytes(new Uint8Array([2]))}, ` +
      `want ${expected.digest}`,
  });
});

Deno.test("sized() does not wait for the end of an endless stream", async () => {
  const endless = streamOf((async function* () {
    for (;;) yield new Uint8Array(10);
  })());
  const stream = sized(endless, { digest: digestBytes(new Uint8Array()), size: 25 });
  await assert.rejects(Array.fromAsync(stream), /got more than 25 bytes, want 25/);
});

Deno.test("readAll() refuses more than its limit", async () => {
  await assert.rejects(readAll(streamOf([new Uint8Array(4)]), 3), InvalidInputError);
});

Deno.test("a chunk that is given back is used again, once, and a part of one is not", () => {
  const whole = borrowChunk();
  giveBack(whole.subarray(1));
  assert.notEqual(borrowChunk().buffer, whole.buffer);
  giveBack(whole);
  giveBack(whole);
  const [first, second] = [borrowChunk(), borrowChunk()];
  assert.equal(first.buffer, whole.buffer);
  assert.notEqual(second.buffer, whole.buffer);
  giveBack(new Uint8Array(CHUNK_SIZE));
  assert.notEqual(borrowChunk().buffer, second.buffer);
});
