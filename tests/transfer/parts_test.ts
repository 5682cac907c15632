import assert from "node:assert/strict";
import fc from "fast-check";
import { partSize, partsOf } from "../../src/transfer/parts.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

Deno.test("partSize() grows from 8 MiB to 64 MiB, and further when there would be too many", () => {
  assert.equal(partSize(0), 8 * MIB);
  assert.equal(partSize(300 * MIB), 8 * MIB);
  assert.equal(partSize(16 * GIB), 17 * MIB);
  assert.equal(partSize(100 * GIB), 64 * MIB);
  assert.equal(Math.ceil(5000 * GIB / partSize(5000 * GIB)) <= 50_000, true);
});

Deno.test("partsOf() covers every byte once, in order", () => {
  fc.assert(fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 300 }), (size, length) => {
    const parts = partsOf(size, length);
    let next = 0;
    for (const [index, part] of parts.entries()) {
      assert.equal(part.index, index);
      assert.equal(part.start, next);
      assert(part.end > part.start && part.end - part.start <= length);
      next = part.end;
    }
    assert.equal(next, size);
  }));
});
