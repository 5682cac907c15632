import assert from "node:assert/strict";
import fc from "fast-check";
import { columnsOf } from "../../../src/cli/output/columns.ts";
import { boardLines } from "../../../src/cli/output/progress/board.ts";
import { ProgressTally } from "../../../src/cli/output/progress/tally.ts";
import type { ProgressEvent } from "../../../src/core/operation.ts";
import { aPlan, progressEvents, step } from "./progress_support.ts";

function tallyOf(...events: readonly (readonly [ProgressEvent, number])[]): ProgressTally {
  const tally = new ProgressTally();
  for (const [event, at] of events) tally.apply(event, at);
  return tally;
}

Deno.test("a line tells the stage, the item, how far it is, how fast and how long yet", () => {
  const tally = tallyOf([step("a", "start"), 0], [step("a", "advance", 4), 2000]);
  const [line = "", ...others] = boardLines(tally, 120, 2000);
  assert.deepEqual(others, []);
  assert.equal(
    line.replace(/ {2,}/g, " "),
    "uploading a.onnx [=========-------------] 40% 4.0 MiB / 10 MiB 2.0 MiB/s 3.0 s left",
  );
});

Deno.test("several files have a total, which is that of the plan", () => {
  const tally = tallyOf(
    [aPlan(4, 40), 0],
    [step("a", "start", 0, { phase: "hash" }), 0],
    [step("b", "done", 10), 0],
    [step("c", "advance", 5), 0],
  );
  const lines = boardLines(tally, 130, 0);
  const starts = lines.map((line) => line.slice(0, 50).split("  [")[0]?.trimEnd());
  assert.deepEqual(starts, [
    "uploading   c.onnx",
    "total       1 of 4 files",
    "hashing     a.onnx",
  ]);
  assert.match(lines[1] ?? "", / 37% .* 15 MiB \/ +40 MiB/);
});

Deno.test("between two files the total stays on the screen", () => {
  const tally = tallyOf([aPlan(4, 40), 0], [step("b", "done", 10), 0]);
  assert.match(boardLines(tally, 80, 0).join("\n"), /^total +1 of 4 files +25%/);
});

Deno.test("of many items only some are shown, and the total knows all", () => {
  const tally = new ProgressTally();
  for (let index = 0; index < 1000; index++) tally.apply(step(`m${index}`, "start"), index);
  const lines = boardLines(tally, 130, 1000);
  assert.equal(lines.length, 9);
  assert.match(lines.at(-1) ?? "", /^total +0 of 1000 files/);
});

Deno.test("finished items leave the lines", () => {
  const tally = tallyOf([step("a", "start"), 0], [step("a", "done", 10), 10], [
    step("b", "skip"),
    10,
  ]);
  assert.deepEqual(boardLines(tally, 100, 10), []);
});

Deno.test("the row of an item says that it is tried again, until it goes on", () => {
  const tally = tallyOf([step("a", "advance", 4), 0]);
  const retry = { what: "a", attempt: 2, attempts: 5, reason: "the connection was cut", wait: 1 };
  assert.equal(tally.retrying({ ...retry, what: "b" }), false);
  assert.equal(tally.retrying(retry), true);
  const [line = ""] = boardLines(tally, 120, 0);
  assert.match(line, /^uploading +a\.onnx +trying again, 2 of 5: the connection was cut$/);
  tally.apply(step("a", "advance", 5), 10);
  assert.match(boardLines(tally, 120, 10)[0] ?? "", / 50% /);
});

Deno.test("the label of the total is never cut, and shards stay apart, at 120, 80 and 40 columns", () => {
  for (const width of [120, 80, 60, 40]) {
    const tally = new ProgressTally();
    tally.apply(aPlan(12000, 120000), 0);
    for (const shard of ["00001", "00002", "00003"]) {
      const name = `model-${shard}-of-12000.safetensors`;
      tally.apply({ ...step(shard, "advance", 1), name }, 0);
    }
    tally.apply({ ...step("x", "done", 10), name: "x" }, 3000);
    const lines = boardLines(tally, width, 3000);
    assert.match(lines.at(-1) ?? "", /^total +1 of 12000 files .*\b0%/, `${width}`);
    const names = lines.slice(0, 3).map((line) => line.slice(12).split("  ")[0]);
    assert.equal(new Set(names).size, 3, `${width}: ${names.join(" ")}`);
  }
});

Deno.test("lines fit every window", () => {
  fc.assert(fc.property(progressEvents, fc.integer({ min: 1, max: 200 }), (events, width) => {
    const tally = new ProgressTally();
    events.forEach((each, index) => tally.apply(each, index * 150));
    return boardLines(tally, width, events.length * 150)
      .every((line) => columnsOf(line) < Math.max(2, width));
  }));
});

Deno.test("columns stay in line where names are wide letters or emoji", () => {
  const tally = new ProgressTally();
  const names = ["plain.bin", "模型权重.bin", "👨‍👩‍👧.bin", "e\u0301te\u0301.bin"];
  for (const name of names) tally.apply({ ...step(name, "advance", 5), name }, 0);
  const lines = boardLines(tally, 80, 0).slice(0, 4);
  const places = lines.map((line) => columnsOf(line.slice(0, line.indexOf(" 50%"))));
  assert.equal(new Set(places).size, 1, lines.join("\n"));
});
