import assert from "node:assert/strict";
import { mapConcurrent } from "../../src/core/concurrency.ts";

Deno.test("mapConcurrent() keeps the order of the items and the bound", async () => {
  let running = 0;
  let most = 0;
  const results = await mapConcurrent([5, 1, 4, 2, 3], async (item) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    running--;
    return item * 2;
  }, { concurrency: 2 });
  assert.deepEqual(results, [10, 2, 8, 4, 6]);
  assert.equal(most, 2);
});

Deno.test("mapConcurrent() with a concurrency of 0 uses the default, and does not hang", async () => {
  assert.deepEqual(await mapConcurrent([1, 2], async (item) => item, { concurrency: 0 }), [1, 2]);
});

Deno.test("after a failure the running items finish and no other is started", async () => {
  const finished: number[] = [];
  const work = async (item: number) => {
    if (item === 1) throw new Error("first");
    await Promise.resolve();
    finished.push(item);
  };
  await assert.rejects(mapConcurrent([0, 1, 2, 3], work, { concurrency: 2 }), /first/);
  assert.deepEqual(finished, [0]);
});

Deno.test("mapConcurrent() throws the reason of the signal", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(mapConcurrent([1], async () => {}, { signal }), /enough/);
});

Deno.test("mapConcurrent() takes an item when there is a turn for it, and not before", async () => {
  let [taken, finished, most] = [0, 0, 0];
  function* items() {
    for (; taken < 1000; taken++) yield taken;
  }
  const work = async () => {
    most = Math.max(most, taken - finished);
    await Promise.resolve();
    finished++;
  };
  await mapConcurrent(items(), work, { concurrency: 3 });
  assert.equal(finished, 1000);
  assert.ok(most <= 3, `${most} items were taken at once`);
  assert.deepEqual(await mapConcurrent([], work, { concurrency: Infinity }), []);
});
