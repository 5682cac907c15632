import assert from "node:assert/strict";
import { openProgress } from "../../../src/cli/output/progress/progress.ts";
import type { ProgressStyle } from "../../../src/cli/output/progress/style.ts";
import { showRetry } from "../../../src/cli/output/progress/retry_words.ts";
import type { Suspension } from "../../../src/cli/context.ts";
import type { ProgressEvent } from "../../../src/core/operation.ts";
import { fakeContext } from "../support.ts";
import { aPlan, step } from "./progress_support.ts";

const RETRY = {
  what: "sha256:1",
  attempt: 2,
  attempts: 5,
  reason: "the connection was cut",
  wait: 500,
};

/** A context whose clock stands at what a test sets. */
function clockedContext(options: Parameters<typeof fakeContext>[0] = {}) {
  let at = 0;
  const set = (milliseconds: number) => void (at = milliseconds);
  return { ...fakeContext(options), now: () => new Date(at), set };
}

Deno.test("plain progress is a line for each finished item, and the sums at the end", async () => {
  const context = clockedContext();
  {
    await using display = await openProgress("plain", context);
    const events: ProgressEvent[] = [
      aPlan(4, 40),
      step("a", "start", 0, { phase: "hash" }),
      step("a", "done", 10, { phase: "hash" }),
      step("a", "start"),
      step("a", "advance", 5),
      step("a", "fail", 5),
      step("a", "start"),
      step("a", "done", 10),
      step("b", "skip", 10),
      { ...step("c", "done", 10, { phase: "extract" }), name: "x\u001b[2J" },
    ];
    for (const each of events) display.report(each);
  }
  assert.deepEqual(context.stderr.text.split("\n"), [
    "uploaded a.onnx 10 MiB",
    "extracted x\\u001b[2J 10 MiB",
    "uploaded 10 MiB",
    "hashed 10 MiB",
    "extracted 10 MiB",
    "already there: 1 file, 10 MiB",
    "",
  ]);
  assert.equal(context.stdout.text, "");
});

Deno.test("plain progress says now and then how far all is, and that there is another try", async () => {
  const context = clockedContext();
  await using display = await openProgress("plain", context);
  display.report(aPlan(4, 40));
  display.report(step("a", "start"));
  display.report(step("a", "advance", 2));
  context.set(10_000);
  display.report(step("a", "advance", 5));
  display.report(step("a", "advance", 6));
  display.retrying(RETRY);
  assert.deepEqual(context.stderr.text.split("\n"), [
    "uploading: 0 of 4 files, 5.0 MiB of 40 MiB, 512 KiB/s, 1m 10s left",
    "trying again, 2 of 5: the connection was cut (sha256:1)",
    "",
  ]);
});

Deno.test("progress for programs is a JSON document a line, and a few steps a second at most", async () => {
  const context = clockedContext();
  {
    await using display = await openProgress("json", context);
    display.report(aPlan(1, 10));
    display.report({ ...step("a", "start"), name: "x\u009b" });
    display.report(step("a", "advance", 2));
    context.set(100);
    display.report(step("a", "advance", 3));
    context.set(200);
    display.report(step("a", "advance", 4));
    display.retrying(RETRY);
    display.report(step("a", "done", 10));
  }
  assert.doesNotMatch(context.stderr.text, /\u009b/);
  const lines = context.stderr.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines, [
    aPlan(1, 10),
    { ...step("a", "start"), name: "x\u009b" },
    step("a", "advance", 2),
    step("a", "advance", 4),
    { state: "retry", ...RETRY },
    step("a", "done", 10),
  ]);
});

Deno.test("no progress is nothing at all, but it is known how far a transfer came", async () => {
  const context = fakeContext();
  {
    await using display = await openProgress("none", context);
    display.report(aPlan(2, 20));
    display.report(step("a", "done", 10));
    display.retrying(RETRY);
    assert.equal(display.interruptedAt(), "10 of 20 MiB");
  }
  assert.equal(context.stderr.text, "");
});

Deno.test("another try is told without progress too, as it was asked for", () => {
  const told = (style: ProgressStyle) => {
    const context = fakeContext();
    showRetry(style, context, { ...RETRY, what: "x\u009b" });
    return context.stderr.text;
  };
  const line = "trying again, 2 of 5: the connection was cut (x\\u009b)\n";
  assert.equal(told("plain"), line);
  assert.equal(told("bar"), line);
  assert.deepEqual(JSON.parse(told("json")), { state: "retry", ...RETRY, what: "x\u009b" });
  assert.doesNotMatch(told("json"), /\u009b/);
  assert.equal(told("none"), "");
});

Deno.test("the bars tell of another try before anything has begun", async () => {
  const drawn = Promise.withResolvers<void>();
  const onStderr = (text: string) => void (text.includes("trying again") && drawn.resolve());
  const context = fakeContext({ terminal: true, columns: 60, onStderr });
  await using display = await openProgress("bar", context);
  display.retrying(RETRY);
  await drawn.promise;
  assert.match(context.stderr.text, /trying again, 2 of 5: the connection was cut \(sha256:1\)/);
});

const RESTORED = "\u001b[?25h\u001b[?7h";

Deno.test("the bars leave the terminal as it was, and a summary", async () => {
  const context = fakeContext({ terminal: true, columns: 80 });
  {
    await using display = await openProgress("bar", context);
    display.report(step("a", "start"));
    display.report(step("a", "done", 10));
  }
  const { text } = context.stderr;
  assert.ok(text.startsWith("\u001b[?25l\u001b[?7l"), JSON.stringify(text));
  assert.ok(text.includes(RESTORED), JSON.stringify(text));
  assert.ok(text.endsWith("uploaded 10 MiB\n"), JSON.stringify(text));
});

Deno.test("the shell has its terminal while the process is stopped, and the bars come back", async () => {
  let doing: Suspension | undefined;
  let disposed = 0;
  const context = {
    ...fakeContext({ terminal: true, columns: 80 }),
    aroundSuspension(given: Suspension) {
      doing = given;
      return { [Symbol.dispose]: () => void disposed++ };
    },
  };
  {
    await using display = await openProgress("bar", context);
    display.report(step("a", "start"));
    doing?.before();
    const { text } = context.stderr;
    assert.ok(text.includes(RESTORED), JSON.stringify(text));
    doing?.after();
    assert.ok(context.stderr.text.slice(text.length).startsWith("\u001b[?25l\u001b[?7l"));
    display.report(step("a", "done", 10));
  }
  assert.ok(context.stderr.text.endsWith("uploaded 10 MiB\n"));
  const { text } = context.stderr;
  doing?.after();
  assert.equal(context.stderr.text, text, "what is over is not drawn again");
  assert.equal(disposed, 1);
});

Deno.test("a line of letters that are several units each is not cut", async () => {
  const drawn = Promise.withResolvers<void>();
  const onStderr = (text: string) => void (text.includes("uploading") && drawn.resolve());
  const context = fakeContext({ terminal: true, columns: 60, onStderr });
  await using display = await openProgress("bar", context);
  display.report({ ...step("a", "advance", 5), name: "👨‍👩‍👧".repeat(5) });
  await drawn.promise;
  assert.match(context.stderr.text, /👨‍👩‍👧 +50%/);
});

Deno.test("an interruption gives the cursor back at once, and nothing is drawn after it", async () => {
  const controller = new AbortController();
  const context = fakeContext({ terminal: true, columns: 80, signal: controller.signal });
  await using display = await openProgress("bar", context);
  display.report(step("a", "start"));
  controller.abort();
  assert.ok(context.stderr.text.includes(RESTORED));
  const { length } = context.stderr.text;
  display.report(step("b", "start"));
  assert.equal(context.stderr.text.length, length);
});

Deno.test("an operation without progress writes nothing to the terminal", async () => {
  const context = fakeContext({ terminal: true, columns: 80 });
  await (await openProgress("bar", context))[Symbol.asyncDispose]();
  assert.equal(context.stderr.text, "");
});
