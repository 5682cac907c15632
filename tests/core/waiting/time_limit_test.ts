import assert from "node:assert/strict";
import { pause, TransientError } from "../../../src/core/retry.ts";
import { StallWatch, withTimeLimit } from "../../../src/core/waiting/time_limit.ts";

const never = () => new Promise<never>(() => {});

Deno.test("withTimeLimit() gives what comes in time, and gives up on what does not", async () => {
  assert.equal(await withTimeLimit(60_000, () => Promise.resolve("done")), "done");
  let aborted: AbortSignal | undefined;
  const late = withTimeLimit(1, (signal) => {
    aborted = signal;
    return never();
  });
  await assert.rejects(late, (error) => {
    assert(error instanceof TransientError);
    assert.equal(error.message, "no answer for 0.001 s");
    return error === aborted?.reason;
  });
});

Deno.test("StallWatch counts each piece of work by itself, and stays aborted after one", async () => {
  const watch = new StallWatch(5);
  for (const value of [1, 2, 3]) {
    assert.equal(await watch.during(() => Promise.resolve(value)), value);
  }
  assert.equal(watch.signal.aborted, false);
  await assert.rejects(watch.during(never), TransientError);
  await assert.rejects(watch.during(() => Promise.resolve("more")), TransientError);
});

Deno.test("StallWatch ends the wait with the reason of the operation's signal", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const waiting = new StallWatch(60_000, stop.signal).during(never);
  stop.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});

Deno.test("a StallWatch that is kept counts each piece by itself too", async () => {
  const limit = 1_000;
  const watch = new StallWatch(limit);
  using _kept = watch.keep();
  // Together they take longer than each may.
  for (const begun = performance.now(); performance.now() < begun + 1.1 * limit;) {
    await watch.during(() => pause(1));
  }
  assert.equal(watch.signal.aborted, false);
  await assert.rejects(watch.during(never), TransientError);
  await assert.rejects(watch.during(() => Promise.resolve("more")), TransientError);
});

Deno.test("a StallWatch that is kept does not count the time between two pieces", async () => {
  const watch = new StallWatch(20);
  using _kept = watch.keep();
  assert.equal(await watch.during(() => Promise.resolve(1)), 1);
  await pause(60);
  assert.equal(await watch.during(() => Promise.resolve(2)), 2);
});

Deno.test("StallWatch leaves nothing behind when its work fails, or cannot begin", async () => {
  const watch = new StallWatch(60_000);
  const refuse = () => Promise.reject(new Error("refused"));
  await assert.rejects(watch.during(refuse), /refused/);
  const throws = () => {
    throw new Error("thrown");
  };
  await assert.rejects(watch.during(throws), /thrown/);
  using _kept = watch.keep();
  await assert.rejects(watch.during(refuse), /refused/);
});

Deno.test("StallWatch gives up on several pieces at once, each that is under way", async () => {
  const watch = new StallWatch(5);
  const waits = [never, never, () => Promise.resolve("done")].map((work) => watch.during(work));
  const [first, second, third] = await Promise.allSettled(waits);
  assert.equal(first?.status, "rejected");
  assert.equal(second?.status, "rejected");
  assert.equal(third?.status, "fulfilled");
});
