import assert from "node:assert/strict";
import fc from "fast-check";
import { shareThread } from "../../../src/core/runtime/turn.ts";
import { sortInTurns } from "../../../src/core/lists/sort_in_turns.ts";

const byKey = ([a]: readonly [number, number], [b]: readonly [number, number]) => a - b;

Deno.test("sortInTurns sorts as the language does, equal items in the order in which they came", async () => {
  const lengths = fc.constantFrom(0, 1, 2, 999, 1000, 1001, 2000, 3500);
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 1, max: 5000 }), async (length, keys) => {
      const items = Array.from({ length }, (_, at): [number, number] => [(at * 7919) % keys, at]);
      assert.deepEqual(await sortInTurns(items, byKey), items.toSorted(byKey));
    }),
    { numRuns: 30 },
  );
});

Deno.test("whoever sorts a long list lets others have their turn", async () => {
  shareThread();
  const items = Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 100_003);
  let turns = 0;
  const others = setInterval(() => turns++, 0);
  await sortInTurns(items, (a, b) => a - b);
  clearInterval(others);
  assert.ok(turns > 1, `${turns}`);
});
