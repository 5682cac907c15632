import assert from "node:assert/strict";
import { shareThread } from "../../src/core/runtime/turn.ts";
import { inTurn } from "../../src/work/turns.ts";

const KIB = 1024;

Deno.test("long work is done one by one, the smallest first", async () => {
  const done: number[] = [];
  let [now, most] = [0, 0];
  const work = (size: number) =>
    inTurn(size * KIB, async () => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      done.push(size);
    });
  await Promise.all([500, 400, 30, 4000, 100].map(work));
  assert.deepEqual(done, [500, 30, 100, 400, 4000], "the first found nobody before it");
  assert.equal(most, 1);
});

Deno.test("short work waits for nobody", async () => {
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const long = inTurn(100 * KIB, async () => {
    await promise;
    order.push("long");
  });
  await inTurn(KIB, () => order.push("short"));
  resolve();
  await long;
  assert.deepEqual(order, ["short", "long"]);
});

Deno.test("work that fails lets the next one begin", async () => {
  const failing = inTurn(100 * KIB, () => Promise.reject(new Error("not today")));
  const next = inTurn(100 * KIB, () => "done");
  await assert.rejects(failing, /not today/);
  assert.equal(await next, "done");
});

/** What comes first after long work: a timer that is due, or the next long work. */
async function firstAfterWork(): Promise<string> {
  const order: string[] = [];
  await inTurn(100 * KIB, () => {
    for (const begun = performance.now(); performance.now() - begun < 200;);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(() => {
    order.push("timer");
    resolve();
  }, 0);
  await inTurn(100 * KIB, () => order.push("work"));
  await promise;
  return order[0]!;
}

Deno.test("long work rests before the next where requests are answered, and nowhere else", async () => {
  assert.equal(await firstAfterWork(), "work");
  shareThread();
  assert.equal(await firstAfterWork(), "timer");
});
