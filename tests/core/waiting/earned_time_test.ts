import assert from "node:assert/strict";
import fc from "fast-check";
import { EarnedTime, Lateness } from "../../../src/core/waiting/earned_time.ts";
import { movedClock } from "../../support/moved_clock.ts";

const POLICY = { attempts: 5, stallTime: 120_000 };

Deno.test("bytes earn time, and nothing else does", () => {
  fc.assert(
    fc.property(fc.nat(600_000), fc.nat(600_000), fc.nat(1_200_000), (first, bytes, passed) => {
      using clock = movedClock();
      const time = new EarnedTime(first);
      clock.pass(passed);
      const far = Math.abs(passed - first - bytes) > 1000;
      if (far) assert.equal(time.tooLittle(bytes) !== undefined, passed > first + bytes);
    }),
  );
});

Deno.test("what is asked for again and again may be late for ten minutes in all", () => {
  for (const [wait, most] of [[119_000, 6], [60_000, 14], [16_000, 650]] as const) {
    using clock = movedClock();
    const lateness = new Lateness(POLICY);
    let count = 0;
    for (; lateness.tooMuch() === undefined && count < 10_000; count++) {
      const begun = performance.now();
      clock.pass(wait);
      lateness.note(begun, 10);
    }
    assert(count <= most && count > most / 2, `${count} of ${wait}`);
  }
});

Deno.test("what is prompt is never late, however much of it there is", () => {
  using clock = movedClock();
  const lateness = new Lateness(POLICY);
  for (let count = 0; count < 10_000; count++) {
    const begun = performance.now();
    clock.pass(14_000);
    lateness.note(begun, 0);
  }
  assert.equal(lateness.tooMuch(), undefined);
});

Deno.test("what is late at the same time is late once", () => {
  using clock = movedClock();
  const lateness = new Lateness(POLICY);
  const begun = performance.now();
  clock.pass(119_000);
  for (let count = 0; count < 100; count++) lateness.note(begun, 0);
  assert.equal(lateness.tooMuch(), undefined);
});

Deno.test("what is large earns the time of what is small", () => {
  using clock = movedClock();
  const lateness = new Lateness(POLICY);
  lateness.earn(1_000_000);
  for (let count = 0; count < 12; count++) {
    const begun = performance.now();
    clock.pass(119_000);
    lateness.note(begun, 0);
  }
  assert.equal(lateness.tooMuch(), undefined);
  const begun = performance.now();
  clock.pass(1_000_000);
  lateness.note(begun, 0);
  assert.match(lateness.tooMuch() ?? "", /^all that it sends is late, by \d+ s so far$/);
});
