import assert from "node:assert/strict";
import fc from "fast-check";
import { checkShape, shaped } from "../../src/core/shape.ts";
import * as z from "../../src/deps/zod.ts";

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
  assert.deepEqual(messagesOf(everything.shape.text, new Date(0)), [
    " is a date: put it in quotes",
  ]);
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
