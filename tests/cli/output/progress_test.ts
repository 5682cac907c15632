import assert from "node:assert/strict";
import fc from "fast-check";
import { openProgress } from "../../../src/cli/output/progress.ts";
import { ProgressBoard } from "../../../src/cli/output/progress_board.ts";
import type { ProgressEvent } from "../../../src/core/operation.ts";
import { fakeContext } from "../support.ts";

const MIB = 1024 * 1024;

function event(
  id: string,
  state: ProgressEvent["state"],
  bytes = 0,
  phase: ProgressEvent["phase"] = "upload",
): ProgressEvent {
  return { id, name: `${id}.onnx`, phase, state, bytes: bytes * MIB, size: 10 * MIB };
}

Deno.test("without a terminal each finished item is a line on standard error", async () => {
  const context = fakeContext();
  await using display = await openProgress("lines", context);
  const events = [
    event("a", "start", 0, "hash"),
    event("a", "done", 10, "hash"),
    event("a", "start"),
    event("a", "advance", 5),
    event("a", "fail", 5),
    event("a", "start"),
    event("a", "done", 10),
    event("b", "skip", 10),
    { ...event("c", "done", 10, "extract"), name: "x\u001b[2J" },
  ];
  for (const each of events) display.report?.(each);
  assert.equal(
    context.stderr.text,
    "uploaded a.onnx 10 MiB\nskipped b.onnx 10 MiB\nextracted x\\u001b[2J 10 MiB\n",
  );
  assert.equal(context.stdout.text, "");
});

Deno.test("no progress is nothing at all", async () => {
  const context = fakeContext();
  await using display = await openProgress("none", context);
  assert.equal(display.report, undefined);
  assert.equal(context.stderr.text, "");
});

const RESTORED = "\u001b[?25h\u001b[?7h";

Deno.test("the bars leave the terminal as it was, and a summary", async () => {
  const context = fakeContext({ terminal: true, columns: 80 });
  {
    await using display = await openProgress("bars", context);
    display.report?.(event("a", "start"));
    display.report?.(event("a", "done", 10));
  }
  const { text } = context.stderr;
  assert.ok(text.startsWith("\u001b[?25l\u001b[?7l"), JSON.stringify(text));
  assert.ok(text.includes(RESTORED), JSON.stringify(text));
  assert.ok(text.endsWith("uploaded 10 MiB in 0.0 s\n"), JSON.stringify(text));
});

Deno.test("an interruption gives the cursor back at once, and nothing is drawn after it", async () => {
  const controller = new AbortController();
  const context = fakeContext({ terminal: true, columns: 80, signal: controller.signal });
  await using display = await openProgress("bars", context);
  display.report?.(event("a", "start"));
  controller.abort();
  assert.ok(context.stderr.text.includes(RESTORED));
  const { length } = context.stderr.text;
  display.report?.(event("b", "start"));
  assert.equal(context.stderr.text.length, length);
});

Deno.test("an operation without progress writes nothing to the terminal", async () => {
  const context = fakeContext({ terminal: true, columns: 80 });
  await (await openProgress("bars", context))[Symbol.asyncDispose]();
  assert.equal(context.stderr.text, "");
});

Deno.test("a line tells the stage, the item, how far it is, how fast and how long yet", () => {
  const board = new ProgressBoard();
  board.apply(event("a", "start"), 0);
  board.apply(event("a", "advance", 4), 2000);
  const [line = "", ...others] = board.lines(120);
  assert.deepEqual(others, []);
  assert.equal(
    line.replace(/ {2,}/g, " "),
    "uploading a.onnx [=========-------------] 40% 4.0 MiB / 10 MiB 2.0 MiB/s 3.0 s left",
  );
});

Deno.test("stages are told apart, and several items have a total", () => {
  const board = new ProgressBoard();
  board.apply(event("a", "start", 0, "hash"), 0);
  board.apply(event("b", "done", 10), 0);
  board.apply(event("c", "advance", 5), 0);
  const starts = board.lines(130).map((line) => line.slice(0, 50).split("  [")[0]?.trimEnd());
  assert.deepEqual(starts, [
    "hashing     a.onnx",
    "uploading   c.onnx",
    "total       1 uploaded, 1 running",
  ]);
  assert.match(board.lines(130).at(-1) ?? "", / 75% .* 15 MiB \/ +20 MiB/);
});

Deno.test("of many items only some are shown, and the total knows all", () => {
  const board = new ProgressBoard();
  for (let index = 0; index < 1000; index++) board.apply(event(`m${index}`, "start"), index);
  const lines = board.lines(130);
  assert.equal(lines.length, 9);
  assert.match(lines.at(-1) ?? "", /^total +0 uploaded, 1000 running/);
});

Deno.test("finished items leave the lines, and the summary counts them", () => {
  const board = new ProgressBoard();
  board.apply(event("a", "start"), 0);
  board.apply(event("a", "advance", 10), 1000);
  board.apply(event("a", "advance", 2), 1500);
  board.apply(event("a", "done", 10), 2000);
  board.apply(event("b", "skip"), 2000);
  assert.deepEqual(board.lines(100), []);
  assert.deepEqual(board.summary(), ["uploaded 10 MiB in 2.0 s (5.0 MiB/s), 1 skipped"]);
});

Deno.test("lines fit every window", () => {
  const events = fc.array(fc.record({
    id: fc.constantFrom("a", "b", "a-rather-long-name/with/folders/model-00001-of-00002"),
    name: fc.string({ maxLength: 80 }),
    phase: fc.constantFrom<ProgressEvent["phase"][]>("hash", "upload", "extract"),
    state: fc.constantFrom<ProgressEvent["state"][]>("start", "advance", "done", "skip", "fail"),
    bytes: fc.nat(),
    size: fc.nat(),
  }));
  fc.assert(fc.property(events, fc.integer({ min: 1, max: 200 }), (events, width) => {
    const board = new ProgressBoard();
    events.forEach((each, index) => board.apply(each, index * 150));
    return board.lines(width).every((line) => line.length < Math.max(2, width));
  }));
});
