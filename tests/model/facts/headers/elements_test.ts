import assert from "node:assert/strict";
import fc from "fast-check";
import { addElements, countElements } from "../../../../src/model/facts/headers/elements.ts";

Deno.test("elements are added up, however many types there are, and a hundred are told apart", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 9 }),
      (types, count) => {
        const tally = new Map<string, number>();
        for (let type = 0; type < types; type++) addElements(tally, `type-${type}`, count);
        assert.equal(countElements(tally), types * count);
        assert.equal(tally.size, Math.min(types, 101));
        assert.equal(tally.get("other"), types > 100 ? (types - 100) * count : undefined);
      },
    ),
  );
});
