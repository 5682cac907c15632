import assert from "node:assert/strict";
import fc from "fast-check";
import { Coverage } from "../../src/core/coverage.ts";

Deno.test("a coverage counts each byte once, in whatever order ranges come", () => {
  const range = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
  fc.assert(fc.property(fc.array(range), (ranges) => {
    const coverage = new Coverage();
    const seen = new Set<number>();
    for (const [start = 0, end = 0] of ranges) {
      const before = coverage.size;
      coverage.add(start, end);
      for (let index = start; index < end; index++) seen.add(index);
      assert.equal(coverage.size, seen.size);
      assert.ok(coverage.size >= before);
    }
  }));
});

Deno.test("a coverage that is cleared begins anew", () => {
  const coverage = new Coverage();
  coverage.add(0, 10);
  coverage.clear();
  coverage.add(5, 7);
  assert.equal(coverage.size, 2);
});
