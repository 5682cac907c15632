import assert from "node:assert/strict";
import { Fault, retried } from "../../src/objects/retry.ts";

const patience = { retries: 2, stallTime: 1000, firstWait: 1 };

Deno.test("retried() tries again after faults only, and gives the last one", async () => {
  let tries = 0;
  const failing = (error: () => Error) => () => {
    tries++;
    return Promise.reject(error());
  };
  await assert.rejects(retried(failing(() => new Fault(`fault ${tries}`)), patience), /fault 3/);
  tries = 0;
  await assert.rejects(retried(failing(() => new Error("lasting")), patience), /lasting/);
  assert.equal(tries, 1);
  const lucky = () => ++tries < 3 ? Promise.reject(new Fault("once")) : Promise.resolve("done");
  assert.equal(await retried(lucky, patience), "done");
});

Deno.test("retried() stops waiting when it is told to", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const work = () => {
    queueMicrotask(() => stop.abort(reason));
    return Promise.reject(new Fault("busy", 50_000));
  };
  await assert.rejects(
    retried(work, patience, { signal: stop.signal }),
    (error) => error === reason,
  );
});
