import assert from "node:assert/strict";
import fc from "fast-check";
import { Fault, retried, retryAfter } from "../../src/objects/retry.ts";

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

Deno.test("retryAfter() reads seconds and dates", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(retryAfter("7"), 7000);
  assert.equal(retryAfter("Thu, 01 Jan 2026 00:00:05 GMT", now), 5000);
  assert.equal(retryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  for (const value of [undefined, "", "soon", "-"]) assert.equal(retryAfter(value), undefined);
  fc.assert(fc.property(fc.string(), (text) => {
    const wait = retryAfter(text);
    assert(wait === undefined || wait >= 0);
  }));
});
