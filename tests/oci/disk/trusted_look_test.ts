import assert from "node:assert/strict";
import { TrustedLook } from "../../../src/oci/disk/trusted_look.ts";

/**
 * A look that takes so many milliseconds of a clock of its own, and counts how often it is taken.
 */
function setup(takes: number) {
  const state = { now: 1000, count: 0, during: () => {} };
  const look = new TrustedLook(() => {
    state.now += takes;
    state.during();
    return Promise.resolve(++state.count);
  }, () => state.now);
  return { state, look };
}

Deno.test("TrustedLook takes a short look each time", async () => {
  for (const takes of [0, 1, 99]) {
    const { look } = setup(takes);
    assert.deepEqual([await look.found(), await look.found(), await look.found()], [1, 2, 3]);
  }
});

Deno.test("TrustedLook trusts a long look for four times what it took, and two seconds at most", async () => {
  for (const [takes, trusted] of [[100, 400], [300, 1200], [60_000, 2000]] as const) {
    const { look, state } = setup(takes);
    assert.equal(await look.found(), 1);
    state.now += trusted - 1;
    assert.equal(await look.found(), 1);
    state.now += 1;
    assert.equal(await look.found(), 2);
  }
});

Deno.test("TrustedLook looks again after a change, also after one during the look", async () => {
  const { look, state } = setup(500);
  assert.equal(await look.found(), 1);
  look.changed();
  assert.equal(await look.found(), 2);
  assert.equal(await look.found(), 2);
  look.changed();
  state.during = () => look.changed();
  assert.equal(await look.found(), 3);
  assert.equal(await look.found(), 4);
});

Deno.test("TrustedLook does not trust a look that failed", async () => {
  const { look, state } = setup(500);
  state.during = () => {
    throw new Error("unreadable");
  };
  await assert.rejects(look.found(), /unreadable/);
  state.during = () => {};
  assert.equal(await look.found(), 1);
});
