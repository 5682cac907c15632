import assert from "node:assert/strict";
import fc from "fast-check";
import { FirstItems } from "../../../src/core/lists/first_items.ts";

const byNumber = (a: { number: number }, b: { number: number }) => a.number - b.number;

Deno.test("FirstItems keeps what a sorted list begins with, in whatever order items come", () => {
  const items = fc.array(fc.record({ number: fc.nat(50), other: fc.string() }), { maxLength: 200 });
  fc.assert(fc.property(items, fc.integer({ min: 1, max: 60 }), (items, limit) => {
    const first = new FirstItems({ compare: byNumber, limit });
    for (const item of items) first.add(item);
    const found = first.finish();
    assert.deepEqual(found.items, items.toSorted(byNumber).slice(0, limit));
    assert.equal(found.hasMore, items.length > limit);
  }));
});

Deno.test("FirstItems counts what an item weighs, and keeps the first however heavy it is", () => {
  const numbers = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 50 });
  fc.assert(fc.property(numbers, fc.integer({ min: 1, max: 100 }), (numbers, limit) => {
    const first = new FirstItems<number>({ compare: (a, b) => a - b, limit, weightOf: (n) => n });
    for (const number of numbers) first.add(number);
    const { items } = first.finish();
    assert.deepEqual(items, numbers.toSorted((a, b) => a - b).slice(0, items.length));
    const weight = items.reduce((sum, number) => sum + number, 0);
    assert.ok(items.length === 1 || weight <= limit, `${items}`);
  }));
});

Deno.test("FirstItems of nothing is empty", () => {
  assert.deepEqual(new FirstItems({ compare: byNumber, limit: 3 }).finish(), {
    items: [],
    hasMore: false,
  });
});
