import assert from "node:assert/strict";
import { TransientError } from "../../src/core/retry.ts";
import { StallWatch, withTimeLimit } from "../../src/core/time_limit.ts";

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
