import assert from "node:assert/strict";
import { collectGarbage, collectInSeries } from "../../../src/core/runtime/garbage.ts";
import { nodeV8 } from "../../../src/core/runtime/builtins.ts";

const MIB = 1024 * 1024;
const used = () => nodeV8().getHeapStatistics().used_heap_size;

/** Makes objects that nobody uses when it returns, and tells how much memory was used with them. */
function waste(objects: number): number {
  const made = Array.from({ length: objects }, (_, index) => ({ index, text: `${index}` }));
  return made.length > 0 ? used() : 0;
}

Deno.test("collectGarbage() frees what nobody uses any more, again and again", () => {
  for (let round = 0; round < 3; round++) {
    const before = waste(1_000_000);
    collectGarbage();
    const freed = before - used();
    assert.ok(freed > 40 * MIB, `${freed} bytes were freed`);
  }
});

Deno.test("collectGarbage() leaves little garbage alone: looking at all takes its time", () => {
  waste(1_000_000);
  collectGarbage();
  const before = waste(1000);
  collectGarbage();
  assert.ok(used() >= before, "nothing was collected");
});

Deno.test("collectGarbage() counts the buffers that objects hold", () => {
  const held = () => nodeV8().getHeapStatistics().external_memory;
  collectGarbage();
  let buffers: Uint8Array[] | undefined = Array.from(
    { length: 60 },
    () => new Uint8Array(MIB),
  );
  const before = held();
  assert.equal(buffers.length, 60);
  buffers = undefined;
  collectGarbage();
  assert.ok(before - held() > 40 * MIB, `${before - held()} bytes were freed`);
});

Deno.test("collectInSeries() collects with each two thousandth step", () => {
  for (const steps of [2000, 4000]) {
    const before = waste(1_000_000);
    collectInSeries(steps);
    assert.ok(before - used() > 40 * MIB, `${before - used()} bytes were freed`);
  }
});

Deno.test("collectInSeries() keeps small the room that objects of a few steps take turns in", () => {
  const room = () => nodeV8().getHeapStatistics().total_heap_size;
  collectInSeries(2000);
  const before = room();
  const lasting: unknown[] = [];
  let most = 0;
  for (let step = 0; step < 6000; step++) {
    collectInSeries(step);
    lasting[step % 200] = Array.from({ length: 400 }, (_, index) => ({ index, text: `${step}` }));
    most = Math.max(most, room() - before);
  }
  assert.ok(most < 22 * MIB, `${most} bytes more were held`);
});
