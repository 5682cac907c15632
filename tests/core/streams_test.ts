import assert from "node:assert/strict";
import fc from "fast-check";
import { digestBytes } from "../../src/core/digest.ts";
import { IntegrityError, InvalidInputError } from "../../src/core/errors.ts";
import {
  concatBytes,
  Gathered,
  observed,
  pieceReader,
  readAll,
  sized,
  streamOf,
  verified,
} from "../../src/core/streams.ts";

const expectation = (bytes: Uint8Array) => ({ digest: digestBytes(bytes), size: bytes.byteLength });

Deno.test("readAll() keeps nothing of the memory that pieces came in", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array()), async (pieces) => {
    const memory = new Uint8Array(64 * 1024);
    // The same memory is filled again, as that of a piece reader is.
    const refilled = async function* () {
      for (const piece of pieces) {
        memory.set(piece);
        yield memory.subarray(0, piece.byteLength);
        memory.fill(0);
      }
    };
    const bytes = concatBytes(pieces);
    assert.deepEqual(await readAll(streamOf(refilled()), bytes.byteLength), bytes);
  }));
});

Deno.test("what is gathered is as large as its bytes, and no larger than its limit", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), fc.nat(20), (pieces, less) => {
    const bytes = concatBytes(pieces);
    const limit = Math.max(0, bytes.byteLength - less);
    const gathered = new Gathered(limit);
    const add = () => pieces.forEach((piece) => gathered.add(piece));
    if (limit < bytes.byteLength) return void assert.throws(add, InvalidInputError);
    add();
    assert.deepEqual(gathered.bytes(), bytes);
    assert.equal(gathered.bytes().buffer.byteLength, bytes.byteLength);
  }));
});

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

/** What a reader of pieces gives, copied: a piece is gone with the next. */
async function allPieces(stream: ReadableStream<Uint8Array>, size: number) {
  const reader = pieceReader(stream, size);
  const pieces: Uint8Array[] = [];
  for (let piece; !(piece = await reader.read()).done;) pieces.push(piece.value!.slice());
  return concatBytes(pieces);
}

Deno.test("observed() has the same bytes, and shows each of them once, however it is read", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array()), async (chunks) => {
    const bytes = concatBytes(chunks);
    for (const read of [readAll, allPieces]) {
      const seen: Uint8Array[] = [];
      let ends = 0;
      const chunk = (bytes: Uint8Array) => void seen.push(bytes.slice());
      const stream = observed(streamOf(chunks), { chunk, end: () => ends++ });
      assert.deepEqual(await read(stream, bytes.length), bytes);
      assert.deepEqual(concatBytes(seen), bytes);
      assert.equal(ends, 1);
    }
  }));
});

Deno.test("observed() opens a stream when its first bytes are wanted, and not to let go of it", async () => {
  let opened = 0;
  const open = async () => {
    opened++;
    return await Promise.resolve(streamOf([new Uint8Array(3)]));
  };
  await observed(open, { chunk() {} }).cancel();
  await pieceReader(observed(open, { chunk() {} })).cancel();
  assert.equal(opened, 0);
  assert.equal((await allPieces(observed(open, { chunk() {} }), 10)).byteLength, 3);
  assert.equal(opened, 1);
});

Deno.test("observed() lets go of the other stream when whoever looks throws, or reads no more", async () => {
  for (const read of [readAll, allPieces]) {
    const cancelled: unknown[] = [];
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: (reason) => void cancelled.push(reason),
      });
    const enough = new Error("enough");
    const chunk = () => {
      throw enough;
    };
    await assert.rejects(read(observed(endless(), { chunk }), 100), (error) => error === enough);
    const failed = (cause: unknown) => new Error("told otherwise", { cause });
    const told = read(observed(endless(), { chunk, failed }), 100);
    await assert.rejects(told, (error: Error) => error.cause === enough);
    await observed(endless(), { chunk }).cancel("unread");
    await pieceReader(observed(endless(), { chunk })).cancel("unread");
    assert.deepEqual(cancelled, [enough, enough, "unread", "unread"]);
  }
});

Deno.test("sized() counts what is read in pieces, of which there may be too many or too few", async () => {
  const ofSize = (size: number) =>
    sized(streamOf([new Uint8Array(10), new Uint8Array(2)]), { size });
  assert.equal((await allPieces(ofSize(12), 5)).byteLength, 12);
  await assert.rejects(allPieces(ofSize(11), 5), /got more than 11 bytes, want 11/);
  await assert.rejects(allPieces(ofSize(13), 5), /got 12 bytes, want 13/);
});
