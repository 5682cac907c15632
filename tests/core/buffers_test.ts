import assert from "node:assert/strict";
import { borrowBuffer, giveBack } from "../../src/core/buffers.ts";

const KIB = 1024;

Deno.test("a buffer that is given back is used again, once, and a view of one is not", () => {
  for (const size of [1024 * KIB, 64 * KIB, 100 * KIB]) {
    const whole = borrowBuffer(size);
    giveBack(whole.subarray(1));
    giveBack(whole.subarray(0, size - 1));
    giveBack(whole.subarray(0));
    assert.notEqual(borrowBuffer(size).buffer, whole.buffer);
    giveBack(whole);
    giveBack(whole);
    const [first, second] = [borrowBuffer(size), borrowBuffer(size)];
    assert.equal(first.buffer, whole.buffer);
    assert.notEqual(second.buffer, whole.buffer);
    giveBack(new Uint8Array(size));
    assert.notEqual(borrowBuffer(size).buffer, second.buffer);
  }
});

Deno.test("a buffer serves for any size that it has room for, and for no larger one", () => {
  const large = borrowBuffer(100 * KIB);
  assert.equal(large.byteLength, 100 * KIB);
  giveBack(large);
  assert.notEqual(borrowBuffer(200 * KIB).buffer, large.buffer);
  const again = borrowBuffer(70 * KIB);
  assert.equal(again.buffer, large.buffer);
  assert.equal(again.byteLength, 70 * KIB);
});

Deno.test("no more buffers wait than a few transfers need", () => {
  const buffers = Array.from({ length: 40 }, () => borrowBuffer(1024 * KIB));
  buffers.forEach(giveBack);
  const known = new Set(buffers.map(({ buffer }) => buffer));
  const again = Array.from({ length: 40 }, () => borrowBuffer(1024 * KIB));
  const kept = again.filter(({ buffer }) => known.has(buffer)).length;
  assert.ok(kept > 0 && kept <= 16, `${kept} were kept`);
});
