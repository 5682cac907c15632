import assert from "node:assert/strict";
import fc from "fast-check";
import { checkShape, listOf, shaped } from "../../../src/core/shapes/shape.ts";
import * as z from "../../../src/deps/zod.ts";

const everything = z.looseObject({
  text: z.string().min(1),
  size: z.number().int().nonnegative().max(10),
  list: z.array(z.string()).min(1),
  map: z.record(z.string(), z.number()),
  one: z.literal("Bundle"),
  some: z.enum(["hot", "cool", "archive"]),
  either: z.union([z.string(), z.array(z.string())]),
  on: z.boolean(),
  hex: z.string().regex(/^[0-9a-f]+$/),
});

function messagesOf(schema: z.ZodType, document: unknown): string[] {
  return (shaped(schema, document).problems ?? [])
    .map(({ path, message }) => `${path.join(".")} ${message}`);
}

Deno.test("shaped() says in plain words what is wrong with each part", () => {
  const document = {
    ...{ text: "", size: -1, list: [], map: { a: "x" }, one: "Bundel", some: "warm", either: 3 },
    hex: "xyz",
  };
  assert.deepEqual(messagesOf(everything, document), [
    "text is empty",
    "size is negative",
    "list is empty",
    "map.a is text, want a number",
    'one is not "Bundle"',
    "some is none of hot, cool and archive",
    "either is a number, want text or a list",
    "on is missing",
    "hex has another form than is wanted",
  ]);
  assert.deepEqual(messagesOf(everything.shape.size, 1.5), [" is not a whole number"]);
  assert.deepEqual(messagesOf(everything.shape.size, 11), [" is more than 10"]);
  assert.deepEqual(messagesOf(everything.shape.text, null), [" is empty, want text"]);
  const texts: [unknown, string][] = [
    [new Date(0), " is a date: put it in quotes"],
    [new Uint8Array(3), " is binary data, want text"],
  ];
  for (const [value, message] of texts) {
    assert.deepEqual(messagesOf(everything.shape.text, value), [message]);
  }
  for (const value of [Infinity, -Infinity, NaN]) {
    assert.deepEqual(messagesOf(everything.shape.size, value), [` is ${value}, want a number`]);
  }
  for (const [part, value] of [[1, ["a", 3]], [0, [null]], [0, [["a"]]]] as const) {
    const [message] = messagesOf(everything.shape.either, value);
    assert.match(message!, new RegExp(`^ has a part ${part} that is .*, want text$`));
  }
});

Deno.test("checkShape() shows no word of the validator, whatever the document is", () => {
  fc.assert(fc.property(
    fc.oneof(fc.jsonValue(), fc.record({ size: fc.jsonValue(), map: fc.jsonValue() })),
    (document) => {
      assert.throws(() => checkShape(everything, document, "it"), (error: Error) => {
        const words = /Invalid|expected|received|Too (small|big)|Unrecognized|undefined|object\b/;
        assert.doesNotMatch(error.message, words);
        return true;
      });
    },
  ));
});

/**
 * A list with what is wrong at these places; a wrong item after the first must not be looked at.
 */
function listWith(length: number, wrong: readonly number[]): unknown[] {
  const list: unknown[] = Array.from({ length }, (_, index) => ({ name: `n${index}` }));
  for (const index of wrong) list[index] = { name: index };
  return list;
}

Deno.test("listOf() says what is wrong with the first wrong item, however many there are", () => {
  let checked = 0;
  const item = z.object({
    name: z.string().refine(() => {
      checked++;
      return true;
    }),
  });
  const schema = listOf(item);
  for (const length of [0, 1, 2, 100_000]) {
    checked = 0;
    const all = shaped(schema, listWith(length, []));
    assert.equal(all.problems, undefined);
    assert.equal(all.value?.length, length);
    assert.equal(checked, length);
  }
  for (const wrong of [[0], [1, 2], [99_999], [50_000, 50_001, 99_999]]) {
    checked = 0;
    const found = messagesOf(schema, listWith(100_000, wrong));
    assert.deepEqual(found, [`${wrong[0]}.name is a number, want text`]);
    assert.equal(checked, wrong[0], "nothing behind it was looked at");
  }
  const everyWrong = Array.from({ length: 1_000_000 }, () => 0);
  assert.equal(messagesOf(schema, everyWrong).length, 1);
  for (const no of [null, {}, "list", 7]) {
    assert.equal(messagesOf(schema, no).length, 1);
  }
});
