import assert from "node:assert/strict";
import fc from "fast-check";
import { Room } from "../../../src/server/bodies/room.ts";

Deno.test("no more is taken at once than there is, and everybody comes in, in their order", async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 30 });
  await fc.assert(fc.asyncProperty(sizes, async (wanted) => {
    const room = new Room(100);
    const order: number[] = [];
    let taken = 0;
    await Promise.all(wanted.map((size, index) =>
      room.with(size, async () => {
        order.push(index);
        taken += Math.min(size, 100);
        assert.ok(taken <= 100);
        for (let ticks = 0; ticks < size % 7; ticks++) await Promise.resolve();
        taken -= Math.min(size, 100);
      })
    ));
    assert.deepEqual(order, wanted.map((_, index) => index));
    assert.equal(room.waiting, 0);
  }));
});

Deno.test("who fails leaves its part to the next", async () => {
  const room = new Room(10);
  const failing = room.with(10, () => Promise.reject(new Error("not today")));
  const next = room.with(10, () => Promise.resolve("done"));
  assert.equal(room.waiting, 1);
  await assert.rejects(failing, /not today/);
  assert.equal(await next, "done");
});
