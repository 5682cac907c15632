import assert from "node:assert/strict";
import fc from "fast-check";
import { borrowBuffer, giveBack } from "../../../src/core/buffers.ts";
import { BodyPieces } from "../../../src/core/http1/body_pieces.ts";
import type { ReadInto } from "../../../src/core/http1/input.ts";

/** A read: how many bytes come, and after how many milliseconds; at once when absent. */
interface Coming {
  readonly count: number;
  readonly after?: number;
}

const KIB = 1024;
const SIZE = 256 * KIB;

/** Reads that come as they are told, each byte another than its neighbours; then the end. */
function comingIn(reads: readonly Coming[], last: () => number = () => 0): ReadInto {
  let [index, at] = [0, 0];
  return async (into) => {
    const coming = reads[index++];
    if (coming === undefined) return last();
    const { after } = coming;
    if (after !== undefined) await new Promise((resolve) => setTimeout(resolve, after));
    const count = Math.min(coming.count, into.byteLength);
    for (let offset = 0; offset < count; offset++) into[offset] = at++ % 251;
    return count;
  };
}

/** Reads all pieces; checks that each byte is the next one, and gives the sizes. */
async function sizesOf(pieces: BodyPieces): Promise<number[]> {
  const sizes: number[] = [];
  for (let at = 0;;) {
    const { done, value } = await pieces.read();
    if (done) return sizes;
    sizes.push(value!.byteLength);
    for (const byte of value!) assert.equal(byte, at++ % 251);
  }
}

Deno.test("what comes at once is put together until the buffer is full", async () => {
  const ended: boolean[] = [];
  const read = comingIn(Array(20).fill({ count: 16 * KIB }));
  const pieces = new BodyPieces(read, { size: SIZE, ended: (isWhole) => ended.push(isWhole) });
  assert.deepEqual(await sizesOf(pieces), [SIZE, 64 * KIB]);
  assert.deepEqual(ended, [true]);
});

Deno.test("a piece that fills the buffer cannot be given back by who has read it", async () => {
  const pieces = new BodyPieces(comingIn([{ count: SIZE }]), { size: SIZE, ended: () => {} });
  const { value } = await pieces.read();
  assert.equal(value?.byteLength, SIZE);
  giveBack(value!);
  assert.notEqual(borrowBuffer(SIZE).buffer, value!.buffer, "the next piece comes there");
});

Deno.test("a read that gives much is a piece of its own", async () => {
  const read = comingIn([{ count: 200 * KIB }, { count: 100 * KIB }, { count: 5 }]);
  const pieces = new BodyPieces(read, { size: SIZE, ended: () => {} });
  assert.deepEqual(await sizesOf(pieces), [200 * KIB, 100 * KIB, 5]);
});

Deno.test("what is here does not wait for what takes its time", async () => {
  const late = Promise.withResolvers<number>();
  const reads = [Promise.resolve(3), late.promise];
  const pieces = new BodyPieces(() => reads.shift()!, { size: SIZE, ended: () => {} });
  assert.equal((await pieces.read()).value?.byteLength, 3);
  const next = pieces.read();
  late.resolve(7);
  // The third read is none: what came after the silence is given before that is found.
  reads.push(new Promise(() => {}));
  assert.equal((await next).value?.byteLength, 7);
});

Deno.test("what came when nobody wanted it is the beginning of the next piece", async () => {
  const late = Promise.withResolvers<number>();
  const reads = [Promise.resolve(3), late.promise, new Promise<number>(() => {})];
  const pieces = new BodyPieces(() => reads.shift()!, { size: SIZE, ended: () => {} });
  await pieces.read();
  late.resolve(7);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal((await pieces.read()).value?.byteLength, 7);
});

Deno.test("bytes before a failure are given before it, and the failure is explained", async () => {
  const ended: boolean[] = [];
  const read = comingIn([{ count: 9 }], () => {
    throw new Error("broken");
  });
  const pieces = new BodyPieces(read, {
    size: SIZE,
    ended: (isWhole) => ended.push(isWhole),
    failure: (cause) => new Error("The body is incomplete", { cause }),
  });
  assert.equal((await pieces.read()).value?.byteLength, 9);
  await assert.rejects(pieces.read(), /incomplete/);
  await assert.rejects(pieces.read(), /incomplete/);
  assert.deepEqual(ended, [false]);
});

Deno.test("all bytes come in their order, however they come in", async () => {
  const coming = fc.record({
    count: fc.integer({ min: 1, max: 90 * KIB }),
    after: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(coming, { maxLength: 12 }),
      fc.integer({ min: 1, max: 150 * KIB }),
      async (reads, size) => {
        let sum = 0;
        const read = comingIn(reads);
        const counting: ReadInto = async (into) => {
          const count = await read(into);
          sum += count;
          return count;
        };
        const pieces = new BodyPieces(counting, { size, ended: () => {} });
        const sizes = await sizesOf(pieces);
        assert.equal(sizes.reduce((total, size) => total + size, 0), sum);
      },
    ),
    { numRuns: 60 },
  );
});
