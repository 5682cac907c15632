import assert from "node:assert/strict";
import { SlowRanges } from "../../src/transfer/slow_ranges.ts";

/** Ranges over a clock that a test moves, a second at a time. */
function ranges(count: number) {
  let now = 0;
  const watch = new SlowRanges(() => now);
  const started = Array.from({ length: count }, () => watch.start());
  return {
    watch,
    started,
    /** Lets so many seconds pass, in each of which the ranges bring these bytes. */
    pass(seconds: number, bytes: readonly number[]) {
      for (let second = 0; second < seconds; second++) {
        now += 1000;
        started.forEach((range, index) => range.came(bytes[index] ?? 0));
      }
    },
  };
}

Deno.test("a range that hangs while others go on is stopped to be replaced", () => {
  const { started: [fast, stalled], pass } = ranges(2);
  pass(11, [1000, 0]);
  assert.equal(fast!.signal.aborted, false);
  assert.match(String(stalled!.signal.reason), /slower than the others/);
});

Deno.test("a range that is much slower than the others is stopped, one that is slower is not", () => {
  const slow = ranges(3);
  slow.pass(11, [1000, 900, 50]);
  assert.deepEqual(slow.started.map(({ signal }) => signal.aborted), [false, false, true]);
  const slower = ranges(3);
  slower.pass(60, [1000, 900, 300]);
  assert.deepEqual(slower.started.map(({ signal }) => signal.aborted), [false, false, false]);
});

Deno.test("the last range is compared with what there was before it", () => {
  const { watch, started: [first, last], pass } = ranges(2);
  pass(5, [1000, 1000]);
  watch.end(first!);
  pass(16, [0, 0]);
  assert.equal(last!.signal.aborted, true);
});

Deno.test("a range is replaced three times at most", () => {
  const { started: [, stalled], pass } = ranges(2);
  let replaced = 0;
  for (let round = 0; round < 10; round++) {
    pass(11, [1000, 0]);
    if (stalled!.replaced()) replaced++;
  }
  assert.equal(replaced, 3);
});

Deno.test("nothing is stopped when all are slow in the same way, or nothing came yet", () => {
  const none = ranges(2);
  none.pass(60, [0, 0]);
  assert.deepEqual(none.started.map(({ signal }) => signal.aborted), [false, false]);
  const even = ranges(2);
  even.pass(60, [1, 1]);
  assert.deepEqual(even.started.map(({ signal }) => signal.aborted), [false, false]);
});
