import assert from "node:assert/strict";
import fc from "fast-check";
import type { FileTensor } from "../../../../src/model/facts/facts.ts";
import type { TensorFact } from "../../../../src/model/facts/tensors/tensor_fact.ts";
import {
  HeaderTensors,
  MOST_TENSOR_TEXT,
  MOST_TENSORS,
} from "../../../../src/model/facts/tensors/header_tensors.ts";
import {
  leftOut,
  ModelTensors,
  type TensorFile,
  TensorRoom,
} from "../../../../src/model/facts/tensors/model_tensors.ts";

const text = fc.string({ unit: "binary", maxLength: 6 });
const tensor = fc.record({
  name: text,
  type: fc.constantFrom("float32", "Q4_K", "bfloat16"),
  shape: fc.array(fc.nat(2 ** 40), { maxLength: 5 }),
  bytes: fc.option(fc.maxSafeNat(), { nil: undefined }),
  start: fc.option(fc.maxSafeNat(), { nil: undefined }),
});

function headerOf(tensors: readonly TensorFact[]): HeaderTensors {
  const header = new HeaderTensors();
  for (const tensor of tensors) header.add(tensor);
  return header;
}

/** A header of so many tensors with names of so many letters. */
function longHeader(count: number, letters = 1, letter = "w"): HeaderTensors {
  const header = new HeaderTensors();
  const tensor = { name: letter.repeat(letters), type: "", shape: [], bytes: 2 };
  for (let index = 0; index < count; index++) header.add(tensor);
  return header;
}

Deno.test("tensors come back as they were added, by index, in order and as JSON", () => {
  fc.assert(fc.property(fc.array(fc.array(tensor, { maxLength: 6 }), { maxLength: 5 }), (files) => {
    const model = new ModelTensors(
      files.map((tensors, index) => ({ path: `f${index}`, tensors: headerOf(tensors) })),
    );
    const expected: FileTensor[] = files.flatMap((tensors, index) =>
      tensors.map((one) => ({
        ...JSON.parse(JSON.stringify(one)),
        name: one.name,
        file: `f${index}`,
      }))
    );
    assert.deepEqual([...model], expected);
    assert.deepEqual(expected.map((_, index) => model.at(index)), expected);
    assert.equal(JSON.stringify(model), JSON.stringify(expected));
    for (const none of [-1, expected.length, NaN]) assert.throws(() => model.at(none), RangeError);
  }));
});

Deno.test("by their places tensors are in the order of start and size", () => {
  fc.assert(fc.property(fc.array(tensor, { maxLength: 9 }), (tensors) => {
    const placed = tensors.map(({ start = 0, bytes = 0, ...one }) => ({ ...one, bytes, start }));
    const sorted = placed.toSorted((a, b) => a.start - b.start || a.bytes - b.bytes);
    assert.deepEqual(
      Array.from(headerOf(placed).inOrderOfPlaces(), ({ start, bytes }) => [start, bytes]),
      sorted.map(({ start, bytes }) => [start, bytes]),
    );
  }));
});

/** Arguments of a header that fits, and of one that does not. */
const BOUNDS: Readonly<Record<string, readonly Parameters<typeof longHeader>[]>> = {
  "the number of tensors": [[MOST_TENSORS], [MOST_TENSORS + 1]],
  "letters of names": [[1024, MOST_TENSOR_TEXT / 1024], [1024, MOST_TENSOR_TEXT / 1024 + 1]],
  "letters of two bytes": [
    [1024, MOST_TENSOR_TEXT / 2048, "中"],
    [1024, MOST_TENSOR_TEXT / 2048 + 1, "中"],
  ],
};

for (const [what, headers] of Object.entries(BOUNDS)) {
  Deno.test(`a header is kept up to ${what}, and counted beyond it`, () => {
    const [fits, tooLong] = headers.map((args) => longHeader(...args));
    assert.ok(fits !== undefined && tooLong !== undefined);
    assert.deepEqual([fits.isLeftOut, fits.length], [false, fits.count]);
    assert.deepEqual([tooLong.isLeftOut, tooLong.length], [true, 0]);
    assert.ok(tooLong.count > 0);
    assert.equal(tooLong.byteCount, 2 * tooLong.count);
    assert.deepEqual([...tooLong], []);
  });
}

Deno.test("the headers of a model are kept while there is room for all of one", () => {
  const files: TensorFile[] = [MOST_TENSORS - 10, 11, 10, 1].map((count, index) => (
    { path: `f${index}`, tensors: longHeader(count) }
  ));
  const room = new TensorRoom();
  for (const { tensors } of files) room.keep(tensors);
  assert.equal(new ModelTensors(files).length, MOST_TENSORS);
  assert.deepEqual(leftOut(files), [
    { file: "f1", tensorCount: 11 },
    { file: "f3", tensorCount: 1 },
  ]);
});

Deno.test("and while there is room for their names", () => {
  const files: TensorFile[] = [8, 5, 3].map((share, index) => (
    { path: `f${index}`, tensors: longHeader(share, MOST_TENSOR_TEXT / 12) }
  ));
  const room = new TensorRoom();
  for (const { tensors } of files) room.keep(tensors);
  assert.deepEqual(leftOut(files), [{ file: "f1", tensorCount: 5 }]);
});

Deno.test("headers are read until a million tensors are counted", () => {
  const room = new TensorRoom();
  for (let file = 0; file < 9; file++) room.keep(longHeader(111_111));
  assert.equal(room.isSpent, false);
  room.keep(longHeader(1));
  assert.equal(room.isSpent, true);
});
