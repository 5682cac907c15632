import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePieces } from "../../../src/core/json/pieces.ts";

/** The value of a text that is cut as often as can be, and how many pieces that were. */
function inPieces(text: string, piece: number): { value: unknown; rests: number } {
  const parsing = parsePieces(text, { depth: 100, values: 100_000, piece });
  for (let rests = 0;; rests++) {
    const { done, value } = parsing.next();
    if (done) return { value, rests };
  }
}

/** What is compared: values with the order of their keys, or that a text was refused. */
function outcome(parse: () => unknown): string {
  try {
    return JSON.stringify(parse());
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    return "refused";
  }
}

/** Members with keys that come twice, that are numbers, or that every object has already. */
const key = fc.oneof(
  fc.constantFrom("a", "b", "", "__proto__", "constructor", "1", "0", 'q"\\', "é\u2028", "[,]"),
  fc.string(),
);

const { document } = fc.letrec<{ document: string }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5, depthSize: "large" },
    fc.jsonValue({ maxDepth: 0 }).map((value) => JSON.stringify(value)),
    fc.constantFrom('"\\u0022\\\\"', " 1e5 ", '"{\\"a\\":[1,2"'),
    fc.array(tie("document")).map((items) => `[${items.join(" ,")}]`),
    fc.array(fc.tuple(key, tie("document"))).map((members) =>
      `{${members.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(",")}}`
    ),
  ),
}));

Deno.test("JSON in pieces is what it is as a whole, with the order of its keys", () => {
  fc.assert(fc.property(document, fc.integer({ min: 0, max: 40 }), (text, piece) => {
    assert.equal(
      JSON.stringify(inPieces(text, piece).value),
      JSON.stringify(JSON.parse(text)),
    );
  }));
});

Deno.test("what is no JSON as a whole is none in pieces", () => {
  const strange = fc.constantFrom(",", "]", "}", "[", "{", '"', ":", "\\", "1", " ", "null", "\n");
  fc.assert(fc.property(document, fc.nat(), fc.nat(3), strange, (text, place, gone, more) => {
    const at = place % (text.length + 1);
    const broken = text.slice(0, at) + more + text.slice(at + gone);
    assert.equal(
      outcome(() => inPieces(broken, 0).value),
      outcome(() => JSON.parse(broken)),
      broken,
    );
  }));
});

Deno.test("a comma at the beginning of a list or an object is none of JSON in pieces", () => {
  for (const text of ["[,null]", '{ \t\n,"a":1}', "[1,[\r,2]]", '{"a":{,"b":[]}}', "[[],[,]]"]) {
    for (const piece of [0, 1, 3]) {
      assert.equal(outcome(() => inPieces(text, piece).value), "refused", text);
    }
  }
});

Deno.test("a member or an item that goes on in many pieces keeps all that it has", () => {
  const items = Array.from({ length: 500 }, (_, index) => ({ index, tags: [index, `${index}`] }));
  const members = Object.fromEntries(items.map((item, index) => [`key ${index}`, item]));
  for (const value of [items, members, { a: { b: [members] }, c: items }, [[[items], 1], 2]]) {
    const { value: read, rests } = inPieces(JSON.stringify(value), 100);
    assert.deepEqual(read, value);
    assert.ok(rests > 100);
  }
  assert.deepEqual(inPieces('{"a":[1,2],"a":[3,4],"a":[5]}', 0).value, { a: [5] });
});

Deno.test("limits hold over all pieces together", () => {
  const limits = { depth: 3, values: 10, piece: 0 };
  const end = (text: string) => [...parsePieces(text, limits)];
  assert.throws(() => end("[1,1,1,1,1,1,1,1,1,1]"), /^SyntaxError: it has more than 10 values$/);
  assert.throws(() => end("[[1],[[[1]]]]"), /^SyntaxError: it is nested more than 3 levels deep$/);
  assert.doesNotThrow(() => end("[[[1],1,1,1,1]]"));
});
