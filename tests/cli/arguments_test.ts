import assert from "node:assert/strict";
import fc from "fast-check";
import {
  collect,
  collectList,
  collectPairs,
  collectPatterns,
  isCollector,
  parseRate,
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
  assert.equal(positiveCount("--limit")("5"), 5);
  assert.equal(positiveCount("--limit")("+7"), 7);
  for (const text of ["0", "-1", "1.5", "", "x", "1e3", "99999999999"]) {
    assert.throws(() => positiveCount("--limit")(text), /Cannot use --limit/, text);
  }
});

Deno.test("parseRate() reads bytes a second as other tools write them", () => {
  const rows: [string, number][] = [
    ["1", 1],
    ["1048576", 1048576],
    ["500k", 500 * 1024],
    ["20M", 20 * 1024 ** 2],
    ["20MiB", 20 * 1024 ** 2],
    ["20mib/s", 20 * 1024 ** 2],
    ["1.5 MB/s", 1_500_000],
    ["1.5mb", 1_500_000],
    ["2kB", 2000],
    ["1 G", 1024 ** 3],
    ["0.5KiB", 512],
    ["100B", 100],
    ["100 B/s", 100],
    [" 1T ", 1024 ** 4],
  ];
  for (const [text, rate] of rows) assert.equal(parseRate(text, "--max-rate"), rate, text);
});

Deno.test("parseRate() refuses what is no rate, and bits", () => {
  const bad = [
    "",
    "0",
    "0.2",
    "-1",
    "M",
    "1e3",
    "10X",
    "10 20",
    "1.5.5M",
    "NaN",
    "Infinity",
    "1iB",
  ];
  for (const text of [...bad, "20 MiB/h", "9999999999999T", "20Mbit", "２０M"]) {
    assert.throws(
      () => parseRate(text, "--max-rate"),
      /Cannot use --max-rate ".*": it is not/,
      text,
    );
  }
  assert.throws(() => parseRate("20Mb", "--max-rate"), /it counts bits/);
  assert.throws(() => parseRate("1Gb/s", "--max-rate"), /it counts bits/);
});

Deno.test("parseRate() gives a whole number of bytes or refuses, whatever is written", () => {
  const written = fc.oneof(
    fc.string(),
    fc.tuple(fc.float({ min: 0, noNaN: true }), fc.constantFrom("", "k", "MiB", "GB/s", "Mb"))
      .map(([number, unit]) => `${number}${unit}`),
  );
  fc.assert(fc.property(written, (text) => {
    try {
      const rate = parseRate(text, "--max-rate");
      assert.ok(Number.isSafeInteger(rate) && rate >= 1);
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, String(error));
    }
  }));
});
