import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { indexOfMark, latin1Bytes, latin1Text } from "../../../src/core/http1/latin1.ts";

Deno.test("text of one byte a character is that of Buffer, there and back", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
    const text = latin1Text(bytes);
    assert.equal(text, Buffer.from(bytes).toString("latin1"));
    assert.deepEqual(latin1Bytes(text), bytes);
  }));
  assert.deepEqual([...latin1Bytes("é€\u{1f600}")], [...Buffer.from("é€\u{1f600}", "latin1")]);
  assert.equal(latin1Text(new Uint8Array(32 * 1024).fill(0x61)).length, 32 * 1024);
});

Deno.test("a mark is found where Buffer finds it", () => {
  const byte = fc.constantFrom(0x0d, 0x0a, 0x61);
  const bytes = fc.array(byte, { maxLength: 40 }).map((list) => Uint8Array.from(list));
  const mark = fc.constantFrom("\r\n", "\r\n\r\n");
  fc.assert(
    fc.property(bytes, mark, fc.nat(1), (bytes, mark, start) => {
      assert.equal(indexOfMark(bytes, mark, start), Buffer.from(bytes).indexOf(mark, start));
    }),
    { numRuns: 2000 },
  );
});
