import assert from "node:assert/strict";
import fc from "fast-check";
import { backoff, isRetriedStatus, parseRetryAfter } from "../../src/core/retry.ts";

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
  for (const text of [null, undefined, "", "soon", "-1x"]) {
    assert.equal(parseRetryAfter(text, now), undefined, `${text}`);
  }
  fc.assert(fc.property(fc.string(), (text) => {
    const wait = parseRetryAfter(text, now);
    assert.ok(wait === undefined || wait >= 0);
  }));
});
