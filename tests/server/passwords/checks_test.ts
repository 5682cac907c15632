import assert from "node:assert/strict";
import { RegistryFault } from "../../../src/server/fault.ts";
import { PasswordChecks } from "../../../src/server/passwords/checks.ts";

const HASH = "the hash";
const ADA = { username: "ada", password: "right" };

/** Checks whose comparisons wait until they are let go on. */
function heldChecks() {
  const held: (() => void)[] = [];
  const clock = { now: 0 };
  const compare = async (password: string) => {
    await new Promise<void>((resolve) => held.push(resolve));
    return password === "right";
  };
  const checks = new PasswordChecks({ compare, now: () => clock.now });
  const go = async (until: Promise<unknown>) => {
    let isOver = false;
    until.catch(() => undefined).finally(() => isOver = true);
    while (!isOver) {
      held.splice(0).forEach((resolve) => resolve());
      await new Promise((next) => setTimeout(next));
    }
  };
  return { checks, held, clock, go };
}

const guess = (index: number) => ({ username: "ada", password: `guess ${index}` });
const isRefused = (error: unknown) => error instanceof RegistryFault && error.status === 429;

Deno.test("a right password is known for a while, and then checked again", async () => {
  const { checks, held, clock, go } = heldChecks();
  const first = checks.check(ADA, HASH);
  await go(first);
  assert.equal(await first, true);
  clock.now = 9 * 60_000;
  assert.equal(await checks.check(ADA, HASH), true);
  assert.equal(held.length, 0);
  clock.now = 11 * 60_000;
  const again = checks.check(ADA, HASH);
  await go(again);
  assert.equal(await again, true);
});

Deno.test("a right password is not known under another hash", async () => {
  const { checks, held, go } = heldChecks();
  await go(checks.check(ADA, HASH));
  const other = checks.check(ADA, "the hash of a new password");
  assert.equal(held.length + 1, 1);
  await go(other);
});

Deno.test("an address may have four checks at once, and keeps nobody else out", async () => {
  const { checks, go } = heldChecks();
  const guesses = [1, 2, 3, 4].map((index) => checks.check(guess(index), HASH, "10.0.0.1"));
  await assert.rejects(checks.check(guess(5), HASH, "10.0.0.1"), isRefused);
  const other = checks.check(ADA, HASH, "10.0.0.2");
  await go(Promise.all([...guesses, other]));
  assert.equal(await other, true);
  assert.deepEqual(await Promise.all(guesses), [false, false, false, false]);
  const later = checks.check(guess(6), HASH, "10.0.0.1");
  await go(later);
  assert.equal(await later, false);
});

Deno.test("who is known is let in whatever else is checked", async () => {
  const { checks, go } = heldChecks();
  await go(checks.check(ADA, HASH, "10.0.0.1"));
  const guesses = [1, 2, 3, 4].map((index) => checks.check(guess(index), HASH, "10.0.0.1"));
  assert.equal(await checks.check(ADA, HASH, "10.0.0.1"), true);
  await go(Promise.all(guesses));
});

Deno.test("sixty-four checks may wait in all", async () => {
  const { checks, go } = heldChecks();
  const guesses = Array.from(
    { length: 64 },
    (_, index) => checks.check(guess(index), HASH, `10.0.0.${index}`),
  );
  await assert.rejects(checks.check(guess(99), HASH, "10.0.1.1"), isRefused);
  await go(Promise.all(guesses));
});

Deno.test("a comparison that fails is not remembered as an answer", async () => {
  let calls = 0;
  const compare = () => calls++ === 0 ? Promise.reject(new Error("broken")) : Promise.resolve(true);
  const checks = new PasswordChecks({ compare });
  await assert.rejects(checks.check(ADA, HASH), /broken/);
  assert.equal(await checks.check(ADA, HASH), true);
});
