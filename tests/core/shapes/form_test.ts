import assert from "node:assert/strict";
import fc from "fast-check";
import * as form from "../../../src/core/shapes/form.ts";

function messagesOf(of: form.Form<unknown>, document: unknown): string[] {
  return (form.inForm(of, document).problems ?? [])
    .map(({ path, message }) => `${path.join(".")} ${message}`);
}

const everything = form.closedMap({
  text: form.text,
  size: form.count,
  list: form.listOf(form.text),
  map: form.mapOf(form.count),
  one: form.oneOf("layers"),
  some: form.oneOf("hot", "cool", "archive"),
  on: form.flag,
  hex: form.matching(/^[0-9a-f]+$/),
  code: form.optional(form.matching(/^[a-z]{2}$/, "it is no code of two letters")),
  note: form.maybe(form.text),
});

const right = {
  ...{ text: "a", size: 0, list: [], map: { a: 1 }, one: "layers", some: "hot", on: true },
  ...{ hex: "0f", note: undefined },
};

Deno.test("a document in the form is given as it is, and null where it may be absent as absent", () => {
  assert.deepEqual(form.checkForm(everything, { ...right, note: null }, "it"), right);
  const { note: _note, ...rest } = right;
  assert.deepEqual(form.checkForm(everything, rest, "it"), rest);
});

Deno.test("all that is wrong is said, in plain words and where it is", () => {
  const wrong = {
    ...{ text: 1, size: -1, list: ["a", null, 3], map: { a: "x", b: 1.5 }, one: "Layers" },
    ...{ some: "warm", hex: "xyz", code: "abc", note: 7, more: 1, other: 2 },
  };
  assert.deepEqual(messagesOf(everything, wrong), [
    "text is a number, want text",
    "size is negative",
    "list.1 is empty, want text",
    "map.a is text, want a whole number",
    "map.b is not a whole number",
    'one is not "layers"',
    "some is none of hot, cool and archive",
    "on is missing",
    "hex has another form than is wanted",
    "code it is no code of two letters",
    "note is a number, want text",
    ' has keys that it must not have: "more", "other"',
  ]);
  assert.throws(() => form.checkForm(everything, wrong, "it"), /^[^]*Cannot read it: 12 problems/);
  assert.throws(() => form.checkForm(everything, [], "it", "write"), /Cannot write it: document: /);
});

Deno.test("a count is whole, safe and not negative", () => {
  for (const good of [0, 1, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(form.inForm(form.count, good), { value: good });
  }
  const wrong: [unknown, string][] = [
    [-1, "is negative"],
    [1.5, "is not a whole number"],
    [Infinity, "is not a whole number"],
    [2 ** 53, "is more than 9007199254740991"],
    ["1", "is text, want a whole number"],
    [null, "is empty, want a whole number"],
    [undefined, "is missing"],
    [[1], "is a list, want a whole number"],
  ];
  for (const [value, message] of wrong) {
    assert.deepEqual(messagesOf(form.count, value), [` ${message}`]);
  }
});

Deno.test("what is inherited is not in a document", () => {
  const of = form.map({
    constructor: form.optional(form.text),
    toString: form.optional(form.text),
  });
  assert.deepEqual(form.checkForm(of, {}, "it"), {});
  const document = JSON.parse('{"__proto__": {"a": 1}, "b": 2}');
  assert.deepEqual(
    Object.keys(form.checkForm(form.mapOf(form.lenient(form.count)), document, "it")),
    [
      "__proto__",
      "b",
    ],
  );
  assert.deepEqual(messagesOf(form.closedMap({}), document), [
    ' has keys that it must not have: "__proto__", "b"',
  ]);
});

Deno.test("what is lenient counts as absent where it is wrong", () => {
  const of = form.map({ a: form.lenient(form.text), b: form.lenient(everything) });
  for (const value of [1, null, {}, [], { text: 1 }]) {
    assert.deepEqual(form.checkForm(of, { a: value, b: value }, "it"), {
      a: undefined,
      b: undefined,
    });
  }
  const other = form.otherwise(form.lenient(form.count), 60);
  for (const [value, wanted] of [[5, 5], ["5", 60], [undefined, 60], [-1, 60]]) {
    assert.deepEqual(form.inForm(other, value), { value: wanted });
  }
});

Deno.test("a list is looked at up to the first wrong item, however many there are", () => {
  const listWith = (...wrong: number[]) => {
    const list: unknown[] = Array.from({ length: 100_000 }, () => ({ name: "n" }));
    for (const index of wrong) list[index] = { name: index };
    return list;
  };
  let looked = 0;
  const name = form.refined(form.text, () => ++looked > 0);
  const of = form.listOf(form.map({ name }));
  assert.equal(form.checkForm(of, listWith(), "it").length, 100_000);
  assert.equal(looked, 100_000);
  for (const wrong of [[0], [1, 2], [99_999], [50_000, 50_001, 99_999]]) {
    looked = 0;
    assert.deepEqual(messagesOf(of, listWith(...wrong)), [
      `${wrong[0]}.name is a number, want text`,
    ]);
    assert.equal(looked, wrong[0], "nothing behind it was looked at");
  }
  for (const no of [null, {}, "list", 7]) assert.equal(messagesOf(of, no).length, 1);
});

Deno.test("a map of texts is looked at up to the first that is none", () => {
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, ""]));
  for (const good of [{}, { "": "" }, { constructor: "a", toString: "b" }, many]) {
    assert.deepEqual(messagesOf(form.textMap, good), []);
  }
  assert.deepEqual(messagesOf(form.textMap, { a: "x", b: 1, c: 2 }), ["b is a number, want text"]);
  assert.deepEqual(messagesOf(form.textMap, { ...many, last: null }), ["last is empty, want text"]);
  for (const no of [null, [], "text", 7]) assert.equal(messagesOf(form.textMap, no).length, 1);
});

Deno.test("whatever a document is, a form takes it or says what is wrong", () => {
  const parts = fc.record({
    ...{ text: fc.jsonValue(), size: fc.jsonValue(), list: fc.jsonValue(), map: fc.jsonValue() },
    ...{ one: fc.jsonValue(), hex: fc.string(), note: fc.jsonValue(), on: fc.boolean() },
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.oneof(parts, fc.jsonValue()), (document) => {
    const { value, problems } = form.inForm(everything, document);
    if (problems !== undefined) assert.ok(problems.length > 0);
    else assert.deepEqual(value, { ...document as object, note: value.note });
  }));
});
