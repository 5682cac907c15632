import assert from "node:assert/strict";
import fc from "fast-check";
import {
  backoff,
  completePolicy,
  DEFAULT_RETRY,
  isRetriedStatus,
  parseRetryAfter,
  retried,
  type Retry,
  TransientError,
} from "../../src/core/retry.ts";

Deno.test("only what may pass is tried again", () => {
  const retried = [408, 429, 500, 502, 503, 504];
  for (let status = 100; status < 600; status++) {
    assert.equal(isRetriedStatus(status), retried.includes(status), `${status}`);
  }
});

Deno.test("the wait is random below a bound that doubles up to a limit", () => {
  const most = { random: () => 1, firstWait: 100, longestWait: 1000 };
  assert.deepEqual([1, 2, 3, 4, 5, 6].map((count) => backoff(count, most)), [
    100,
    200,
    400,
    800,
    1000,
    1000,
  ]);
  assert.equal(backoff(5, { random: () => 0 }), 0);
});

Deno.test("Retry-After is read in seconds and as a date, and is otherwise passed over", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(parseRetryAfter("7", now), 7000);
  assert.equal(parseRetryAfter(" 0 ", now), 0);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:00:05 GMT", now), 5000);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:05 GMT", now), 0);
  assert.equal(parseRetryAfter("Thursday, 01-Jan-26 00:00:05 GMT", now), 5000);
  assert.equal(parseRetryAfter("2026-01-01T00:00:05Z", now), 5000);
  assert.equal(parseRetryAfter("1.5", now), 1500);
  const nonsense = ["", "soon", "-1x", "-5", "in 5 minutes", "5 s", "0x10", "1e3", "7, 9", "Mon"];
  for (const text of [null, undefined, ...nonsense]) {
    assert.equal(parseRetryAfter(text, now), undefined, `${text}`);
  }
  fc.assert(fc.property(fc.string(), (text) => {
    const wait = parseRetryAfter(text, now);
    assert.ok(wait === undefined || wait >= 0);
  }));
});

Deno.test("what a policy leaves out or undefined has its default", () => {
  assert.deepEqual(completePolicy(), DEFAULT_RETRY);
  const said = { attempts: 2, stallTime: undefined };
  assert.deepEqual(completePolicy(said), { ...DEFAULT_RETRY, attempts: 2 });
});

const policy = { attempts: 3, firstWait: 1, sleep: () => Promise.resolve() };

Deno.test("retried() tries again after transient errors only, and gives the last one", async () => {
  let tries = 0;
  const failing = (error: () => Error) => () => {
    tries++;
    return Promise.reject(error());
  };
  const passing = failing(() => new TransientError(`fault ${tries}`));
  await assert.rejects(retried(passing, { what: "host", policy }), /fault 3/);
  tries = 0;
  await assert.rejects(
    retried(failing(() => new Error("lasting")), { what: "host", policy }),
    /lasting/,
  );
  assert.equal(tries, 1);
  const lucky = () =>
    ++tries < 3 ? Promise.reject(new TransientError("once")) : Promise.resolve("done");
  assert.equal(await retried(lucky, { what: "host", policy }), "done");
});

Deno.test("retried() says which try is the last, and why there is another", async () => {
  const lasts: boolean[] = [];
  const told: unknown[] = [];
  const work = (isLast: boolean) => {
    lasts.push(isLast);
    return Promise.reject(new TransientError("busy", { retryAfter: 7 }));
  };
  const onRetry = ({ message }: Error, wait: number) => told.push([message, wait]);
  await assert.rejects(retried(work, { what: "host", policy, onRetry }), /busy/);
  assert.deepEqual(lasts, [false, false, true]);
  assert.deepEqual(told, [["busy", 7], ["busy", 7]]);
});

Deno.test("retried() waits also when the server asks for no wait at all", async () => {
  const waits: number[] = [];
  const onRetry = (_: Error, wait: number) => waits.push(wait);
  const work = () => Promise.reject(new TransientError("busy", { retryAfter: 0 }));
  for (const luck of [0, 0.9]) {
    const patient = { ...policy, firstWait: 5, random: () => luck };
    await assert.rejects(retried(work, { what: "host", policy: patient, onRetry }), /busy/);
  }
  assert.deepEqual(waits, [5, 5, 5, 9]);
});

Deno.test("a policy hears of each further try: of what, why, and which one it is", async () => {
  const told: Retry[] = [];
  const hearing = { ...policy, onRetry: (retry: Retry) => void told.push(retry) };
  const work = () => Promise.reject(new TransientError("busy", { retryAfter: 7 }));
  await assert.rejects(retried(work, { what: "sha256:1", policy: hearing }), /busy/);
  const same = { what: "sha256:1", attempts: 3, reason: "busy", wait: 7 };
  assert.deepEqual(told, [{ ...same, attempt: 2 }, { ...same, attempt: 3 }]);
});

Deno.test("retried() does not wait for longer than is allowed", async () => {
  const work = () => Promise.reject(new TransientError("busy", { retryAfter: 60_001 }));
  const sleep = () => Promise.reject(new Error("waited"));
  await assert.rejects(retried(work, { what: "host", policy: { sleep } }), /busy/);
});

Deno.test("retried() stops waiting when it is told to", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const work = () => {
    queueMicrotask(() => stop.abort(reason));
    return Promise.reject(new TransientError("busy", { retryAfter: 50_000 }));
  };
  await assert.rejects(
    retried(work, { what: "host", signal: stop.signal }),
    (error) => error === reason,
  );
});
