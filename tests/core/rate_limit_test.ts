import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../src/core/errors.ts";
import { rateLimit, reserve } from "../../src/core/rate_limit.ts";

Deno.test("bytes move when the ones before them had their time, after a short burst", () => {
  const limit = rateLimit(1000);
  // A tenth of a second may be made up for.
  const start = 1_000_000;
  assert.equal(reserve(limit, 100, start), 0);
  assert.equal(reserve(limit, 500, start), 500);
  assert.equal(reserve(limit, 500, start), 1000);
  assert.equal(reserve(limit, 500, start + 1000), 500);
  // Silence is made up for by a tenth of a second, and no more.
  assert.equal(reserve(limit, 1000, start + 60_000), 900);
});

Deno.test("over any time no more is given away than the rate and the burst allow", () => {
  const steps = fc.array(fc.record({ bytes: fc.nat(50), later: fc.nat(300) }), { maxLength: 10 });
  fc.assert(fc.property(steps, fc.integer({ min: 1, max: 100_000 }), (steps, rate) => {
    const limit = rateLimit(rate);
    let now = 1_000_000;
    let given = 0;
    for (const { bytes, later } of steps) {
      given += bytes;
      const done = now + reserve(limit, bytes, now);
      assert.ok(given <= rate * ((done - 1_000_000 + 100) / 1000) + 1);
      now += later;
    }
  }));
});

Deno.test("a clock that is set back does not stop what moves", () => {
  const limit = rateLimit(1000);
  reserve(limit, 1000, 5_000_000);
  assert.equal(reserve(limit, 1000, 0), 900);
});

Deno.test("a limit below a byte a second is none", () => {
  for (const rate of [0, -1, 0.5, NaN, Infinity]) {
    assert.throws(() => rateLimit(rate), InvalidInputError);
  }
});
