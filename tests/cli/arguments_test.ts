import assert from "node:assert/strict";
import fc from "fast-check";
import {
  collect,
  collectList,
  collectPairs,
  collectPatterns,
  isCollector,
  positiveCount,
} from "../../src/cli/arguments.ts";
import { InvalidInputError } from "../../src/core/errors.ts";

Deno.test("collectPatterns() parts patterns at commas, but not within braces and quotes", () => {
  const rows: [string, string[]][] = [
    ["*.json", ["*.json"]],
    ["*.json,*.md", ["*.json", "*.md"]],
    [" *.json , sub/** ", ["*.json", "sub/**"]],
    ["*.{json,md},x", ["*.{json,md}", "x"]],
    ['"a,b",c', ["a,b", "c"]],
    ['a"b,c"d', ['a"b,c"d']],
    ["a,,b,", ["a", "b"]],
    ["{a,b", ["{a", "b"]],
    ['"a,b', ['"a', "b"]],
    ["a}b,c", ["a}b", "c"]],
    ["[ab],?", ["[ab]", "?"]],
    ["文件*,b", ["文件*", "b"]],
  ];
  for (const [text, patterns] of rows) {
    assert.deepEqual(collectPatterns(text, undefined), patterns, text);
  }
  assert.deepEqual(collectPatterns("b", ["a"]), ["a", "b"]);
  for (const text of ["", " ", ",", " , ,", '""']) {
    assert.throws(() => collectPatterns(text, undefined), InvalidInputError, text);
  }
});

Deno.test("collectPatterns() gives back patterns that were joined by commas", () => {
  const plain = fc.stringMatching(/^[\w.*?/[\]-]{1,10}$/);
  const pattern = fc.oneof(
    plain,
    fc.tuple(plain, fc.array(plain, { minLength: 1, maxLength: 3 }))
      .map(([start, choices]) => `${start}{${choices.join(",")}}`),
  );
  fc.assert(fc.property(fc.array(pattern, { minLength: 1 }), (patterns) => {
    assert.deepEqual(collectPatterns(patterns.join(","), undefined), patterns);
  }));
});

Deno.test("collectPatterns() takes any text, quickly, and loses no letter of it", () => {
  const letters = (text: string) => text.replace(/[\s,"]/g, "");
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ab,{}" \n*') }), (text) => {
    let patterns: readonly string[];
    try {
      patterns = collectPatterns(text, undefined);
    } catch (error) {
      assert.ok(error instanceof InvalidInputError);
      return;
    }
    assert.equal(letters(patterns.join("")), letters(text));
  }));
  assert.equal(collectPatterns("{".repeat(20_000), undefined).length, 1);
  assert.equal(collectPatterns('"'.repeat(20_001), undefined).length, 1);
});

Deno.test("collect(), collectList() and collectPairs() keep what came before", () => {
  assert.deepEqual(collect("b,c", ["a"]), ["a", "b,c"]);
  assert.deepEqual(collectList(" b, c,,", ["a"]), ["a", "b", "c"]);
  assert.deepEqual(collectPairs("b=1=2", { a: "", b: "0" }), { a: "", b: "1=2" });
  for (const pair of ["", "a", "=1"]) {
    assert.throws(() => collectPairs(pair, undefined), InvalidInputError, pair);
  }
});

Deno.test("isCollector() knows the readers of flags that repeat", () => {
  for (const reader of [collect, collectList, collectPatterns, collectPairs]) {
    assert.ok(isCollector(reader));
  }
  assert.ok(!isCollector(positiveCount));
  assert.ok(!isCollector(undefined));
});

Deno.test("positiveCount() takes whole numbers from one on", () => {
  assert.equal(positiveCount("5"), 5);
  assert.equal(positiveCount("+7"), 7);
  for (const text of ["0", "-1", "1.5", "", "x", "1e3", "99999999999"]) {
    assert.throws(() => positiveCount(text), InvalidInputError, text);
  }
});
