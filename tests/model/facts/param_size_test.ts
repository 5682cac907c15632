import assert from "node:assert/strict";
import fc from "fast-check";
import { formatParamSize, parseParamSize } from "../../../src/model/facts/param_size.ts";

const FORMS: readonly (readonly [count: number, form: string | undefined])[] = [
  [494_032_768, "494m"],
  [1_543_714_304, "1.5b"],
  [7_000_000_000, "7b"],
  [6_738_415_616, "6.7b"],
  [70_553_706_496, "70.6b"],
  [671_026_419_200, "671b"],
  [1_040_000_000_000, "1t"],
  [2e15, "2q"],
  [124_439_808, "124m"],
  [99_949, "99.9k"],
  [99_950, "100k"],
  [999_499, "999k"],
  [999_999, "1m"],
  [950_000, "950k"],
  [999, "1k"],
  [50, "0.1k"],
  [49, undefined],
  [0, undefined],
  [-1, undefined],
  [NaN, undefined],
  [Infinity, undefined],
];

for (const [count, form] of FORMS) {
  Deno.test(`${count} parameters are ${form ?? "not said"}`, () => {
    assert.equal(formatParamSize(count), form);
  });
}

Deno.test("a form is read in either case", () => {
  assert.equal(parseParamSize("7B"), 7e9);
  assert.equal(parseParamSize(" 1.5b "), 1.5e9);
  assert.equal(parseParamSize("100k"), 100_000);
});

Deno.test("what is no form is undefined", () => {
  for (const text of ["", "7", "b", "7x", "8x7B", "-1b", "1.b", "1e3b", "0x1b", "1234567b"]) {
    assert.equal(parseParamSize(text), undefined, text);
  }
});

Deno.test("a form has at most one digit after the point and is near the count", () => {
  fc.assert(fc.property(fc.integer({ min: 1000, max: 9e15 }), (count) => {
    const form = formatParamSize(count) ?? "";
    assert.match(form, /^\d{1,3}(\.\d)?[kmbtq]$/);
    assert.ok(Math.abs((parseParamSize(form) ?? 0) - count) <= count * 0.05);
  }));
});

Deno.test("no text makes the reader throw", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    parseParamSize(text);
  }));
});
