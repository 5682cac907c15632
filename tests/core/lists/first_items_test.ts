import assert from "node:assert/strict";
import fc from "fast-check";
import { FirstItems } from "../../../src/core/lists/first_items.ts";

const byNumber = (a: { number: number }, b: { number: number }) => a.number - b.number;

Deno.test("FirstItems keeps what a sorted list begins with, in whatever order items come", () => {
  const items = fc.array(fc.record({ number: fc.nat(50), other: fc.string() }), { maxLength: 200 });
  const limits = fc.oneof(fc.nat(60), fc.constant(Infinity));
  fc.assert(fc.property(items, limits, (items, limit) => {
    const first = new FirstItems({ compare: byNumber, limit });
    for (const item of items) first.add(item);
    assert.deepEqual(first.finish(), items.toSorted(byNumber).slice(0, limit));
  }));
});

Deno.test("FirstItems of nothing is empty", () => {
  assert.deepEqual(new FirstItems({ compare: byNumber, limit: 3 }).finish(), []);
});

Deno.test("FirstItems takes more after it was looked at", () => {
  const first = new FirstItems({ compare: (a: number, b: number) => a - b, limit: 2 });
  for (const number of [5, 4]) first.add(number);
  assert.deepEqual(first.finish(), [4, 5]);
  for (const number of [6, 3]) first.add(number);
  assert.deepEqual(first.finish(), [3, 4]);
});
