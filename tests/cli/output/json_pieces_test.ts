import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonPieces } from "../../../src/cli/output/json_pieces.ts";

const joined = (value: unknown) => [...jsonPieces(value)].join("");

Deno.test("jsonPieces() gives what JSON.stringify() gives", () => {
  const item = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.date({ noInvalidDate: true }));
  const long = fc.array(item, { minLength: 101, maxLength: 120 });
  const part = fc.oneof({ arbitrary: item, weight: 3 }, { arbitrary: long, weight: 1 });
  const value = fc.oneof(part, fc.dictionary(fc.string(), part), fc.array(fc.record({ a: part })));
  fc.assert(fc.property(value, (value) => {
    assert.equal(joined(value), JSON.stringify(value, undefined, 2) ?? "null");
  }));
});

Deno.test("jsonPieces() gives the items of a long list one by one, wherever it is", () => {
  const items = Array.from({ length: 1000 }, (_, index) => ({ index, shape: [1, 2, 3] }));
  for (const value of [items, { items }, { a: { b: [] }, tensors: { changes: items } }]) {
    const pieces = [...jsonPieces(value)];
    assert.ok(Math.max(...pieces.map(({ length }) => length)) < 200);
    assert.equal(pieces.join(""), JSON.stringify(value, undefined, 2));
  }
});
