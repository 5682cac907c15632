import assert from "node:assert/strict";
import fc from "fast-check";
import { ProgressTally } from "../../../src/cli/output/progress/tally.ts";
import { aPlan, MIB, progressEvents, step } from "./progress_support.ts";

Deno.test("the total is that of the plan, whatever is under way", () => {
  const tally = new ProgressTally();
  const stage = tally.apply(aPlan(5, 50), 0);
  assert.deepEqual([stage.files, stage.total.size], [5, 50 * MIB]);
  tally.apply(step("a", "start"), 10);
  tally.apply(step("b", "skip", 10), 10);
  assert.deepEqual([stage.files, stage.over, stage.total.size], [5, 1, 50 * MIB]);
  assert.equal(stage.total.bytes, 10 * MIB);
});

Deno.test("a second plan of a stage adds to the first", () => {
  const tally = new ProgressTally();
  tally.apply(aPlan(5, 50), 0);
  const stage = tally.apply(aPlan(1, 10), 0);
  assert.deepEqual([stage.files, stage.total.size], [6, 60 * MIB]);
});

Deno.test("the total never falls, whatever comes", () => {
  fc.assert(fc.property(progressEvents, (events) => {
    const tally = new ProgressTally();
    const highest = new Map<string, number>();
    for (const [index, event] of events.entries()) {
      const { phase, total } = tally.apply(event, index * 150);
      assert.ok(total.size >= (highest.get(phase) ?? 0));
      highest.set(phase, total.size);
    }
  }));
});

Deno.test("estimates wait two seconds", () => {
  const tally = new ProgressTally();
  const stage = tally.apply(aPlan(1, 10), 0);
  tally.apply(step("a", "advance", 4), 1900);
  assert.equal(stage.total.speed(1999), undefined);
  assert.equal(stage.total.secondsLeft(1999), undefined);
  tally.apply(step("a", "advance", 4), 2000);
  assert.equal(Math.round(stage.total.speed(2000)! / MIB), 2);
  assert.equal(Math.round(stage.total.secondsLeft(2000)!), 3);
});

Deno.test("what was resumed or there already is no speed", () => {
  const tally = new ProgressTally();
  const stage = tally.apply(aPlan(3, 30), 0);
  tally.apply(step("a", "advance", 9, { kept: 8 }), 100);
  tally.apply(step("b", "skip", 10), 200);
  tally.apply(step("a", "advance", 10, { kept: 8 }), 2000);
  assert.equal(stage.total.bytes, 20 * MIB);
  assert.equal(stage.moved, 2 * MIB);
  assert.equal(Math.round(stage.total.speed(2000)! / MIB), 1);
});

Deno.test("a summary says what moved, and names what did not", () => {
  const tally = new ProgressTally();
  tally.apply(aPlan(4, 40), 0);
  tally.apply(step("a", "advance", 8, { kept: 8 }), 0);
  tally.apply(step("a", "done", 10, { kept: 8 }), 1000);
  tally.apply(step("b", "done", 10), 2000);
  tally.apply(step("c", "skip", 10), 2000);
  tally.apply(step("d", "skip", 10), 2000);
  assert.deepEqual(tally.summary(), [
    "uploaded 12 MiB in 2.0 s (6.0 MiB/s); 8.0 MiB were there from an earlier run",
    "already there: 2 files, 20 MiB",
  ]);
});

Deno.test("what two stages find is there once", () => {
  const tally = new ProgressTally();
  for (const id of ["a", "b"]) tally.apply(step(id, "skip", 10, { phase: "download" }), 0);
  for (const id of ["a", "b", "c"]) tally.apply(step(id, "skip", 10, { phase: "extract" }), 0);
  assert.deepEqual(tally.summary(), ["already there: 3 files, 30 MiB"]);
});

Deno.test("documents have bytes, but are no files", () => {
  const tally = new ProgressTally();
  const stage = tally.apply(aPlan(1, 30), 0);
  tally.apply({ ...step("manifest", "start"), document: true }, 0);
  assert.deepEqual([stage.files, stage.isOpen], [1, true]);
  tally.apply({ ...step("manifest", "done", 10), document: true }, 5000);
  tally.apply({ ...step("config", "skip", 10), document: true }, 5000);
  assert.deepEqual([stage.files, stage.over, stage.total.bytes], [1, 0, 20 * MIB]);
  tally.apply(step("a", "skip", 10), 5000);
  assert.deepEqual(tally.summary(), [
    "uploaded 10 MiB in 5.0 s (2.0 MiB/s)",
    "already there: 1 file, 20 MiB",
  ]);
  const known = new ProgressTally();
  known.apply({ ...step("manifest", "skip", 10), document: true }, 0);
  assert.deepEqual(known.summary(), ["already there"]);
});

Deno.test("a summary has no absurd speed: of nothing, of an instant, of what was there", () => {
  const instant = new ProgressTally();
  instant.apply(step("a", "done", 10), 0);
  assert.deepEqual(instant.summary(), ["uploaded 10 MiB"]);
  const there = new ProgressTally();
  there.apply(step("a", "skip", 10), 0);
  there.apply(step("b", "skip", 10), 5000);
  assert.deepEqual(there.summary(), ["already there: 2 files, 20 MiB"]);
  const empty = new ProgressTally();
  empty.apply({ ...step("a", "done"), size: 0 }, 3000);
  assert.deepEqual(empty.summary(), ["uploaded 1 file"]);
  const resumed = new ProgressTally();
  resumed.apply(step("a", "start"), 0);
  resumed.apply(step("a", "done", 10, { kept: 10 }), 3000);
  assert.deepEqual(resumed.summary(), [
    "uploaded 1 file; 10 MiB were there from an earlier run",
  ]);
});

Deno.test("an interruption counts what the next run finds, and nothing else", () => {
  const tally = new ProgressTally();
  tally.apply(aPlan(4, 40), 0);
  assert.equal(tally.interruptedAt(), undefined);
  tally.apply(step("a", "done", 10), 1);
  tally.apply(step("b", "skip", 10), 1);
  tally.apply(step("c", "fail", 9, { kept: 5 }), 2);
  tally.apply(step("d", "fail", 9), 2);
  assert.equal(tally.interruptedAt(), "25 of 40 MiB");
});

Deno.test("work on this machine is not said to go on from where it was", () => {
  for (const phase of ["pack", "hash", "extract", "copy"] as const) {
    const tally = new ProgressTally();
    tally.apply(step("a", "done", 10, { phase }), 1);
    tally.apply(step("b", "fail", 10, { phase }), 1);
    assert.equal(tally.interruptedAt(), undefined, phase);
  }
});
