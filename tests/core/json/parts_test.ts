import assert from "node:assert/strict";
import fc from "fast-check";
import { isRecord } from "../../../src/core/json.ts";
import { jsonParts, type PartOptions } from "../../../src/core/json/parts.ts";

const LIMITS: PartOptions = { depth: 100, values: 100_000, cut: 2, piece: 0 };

/** The parts of a text that comes in chunks of so many characters. */
async function partsOf(
  text: string,
  { chunk = 7, ...options }: Partial<PartOptions> & { readonly chunk?: number } = {},
): Promise<unknown[]> {
  // deno-lint-ignore require-await -- chunks come from files, which are waited for
  async function* chunks() {
    for (let at = 0; at < text.length; at += chunk) yield text.slice(at, at + chunk);
  }
  return await Array.fromAsync(jsonParts(chunks(), { ...LIMITS, ...options }));
}

/** All that is in a document, each with the keys that lead to it. */
function contents(value: unknown, path = ""): string[] {
  const items = Array.isArray(value)
    ? value.map((item) => ["", item] as const)
    : isRecord(value)
    ? Object.entries(value)
    : [];
  if (items.length === 0) return [`${path} ${JSON.stringify(value)}`];
  return items.flatMap(([key, item]) => contents(item, `${path}/${key}`));
}

Deno.test("the parts of a document have what it has, however it is cut", async () => {
  const options = fc.record({
    chunk: fc.integer({ min: 1, max: 30 }),
    cut: fc.integer({ min: 0, max: 4 }),
    piece: fc.integer({ min: 0, max: 20 }),
  });
  await fc.assert(fc.asyncProperty(fc.jsonValue(), options, async (value, options) => {
    const parts = await partsOf(JSON.stringify(value), options);
    const found = parts.flatMap((part) => contents(part));
    assert.deepEqual(found.sort(), contents(JSON.parse(JSON.stringify(value))).sort());
  }));
});

Deno.test("what is no JSON as a whole is none in parts", async () => {
  const strange = fc.constantFrom(",", "]", "}", "[", "{", '"', ":", "\\", "1", " ", "null", "\n");
  const broken = fc.tuple(fc.jsonValue(), fc.nat(), fc.nat(3), strange).map(
    ([value, place, gone, more]) => {
      const text = JSON.stringify(value);
      const at = place % (text.length + 1);
      return text.slice(0, at) + more + text.slice(at + gone);
    },
  );
  const refused = (work: () => unknown) =>
    Promise.try(work).then(() => false, (error) => {
      assert.ok(error instanceof SyntaxError, String(error));
      return true;
    });
  await fc.assert(fc.asyncProperty(broken, fc.integer({ min: 1, max: 9 }), async (text, chunk) => {
    const isRefused = await refused(() => partsOf(text, { chunk }));
    assert.equal(isRefused, await refused(() => JSON.parse(text)), text);
  }));
  for (
    const text of [
      '{"a":1,}',
      "[1,2, ]",
      '{"a":{"b":1,},"c":1}',
      "[1,,2]",
      "[,1]",
      '{ ,"a":1}',
      "[1,[,2]]",
      "",
      '{"a":1',
    ]
  ) {
    await assert.rejects(partsOf(text), SyntaxError, text);
  }
});

Deno.test("no part is longer than a piece and what cannot be cut", async () => {
  const member = { shape: [1, 2, 3], text: "[{,}]" };
  const members = Array.from({ length: 2000 }, (_, index) => [`name "${index}"`, member] as const);
  const text = JSON.stringify(Object.fromEntries(members));
  const longest = Math.max(...members.map((member) => JSON.stringify(member).length));
  const parts = await partsOf(text, { cut: 1, piece: 1000, chunk: 64 });
  assert.ok(parts.length > 50, `${parts.length} parts`);
  for (const part of parts) assert.ok(JSON.stringify(part).length <= 1000 + longest);
});

Deno.test("limits of values hold for what cannot be cut, that of the depth for all", async () => {
  const many = JSON.stringify(Array.from({ length: 1000 }, () => [1, 2]));
  assert.equal((await partsOf(many, { values: 10, cut: 1 })).length, 1000);
  await assert.rejects(partsOf(many, { values: 10, cut: 0 }), /it has more than 10 values$/);
  await assert.rejects(partsOf(`[1,[${many}]]`, { values: 10, cut: 1 }), /more than 10 values$/);
  await assert.rejects(partsOf("[1,[[1]]]", { depth: 2 }), /nested more than 2 levels deep$/);
});
