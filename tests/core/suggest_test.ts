import assert from "node:assert/strict";
import fc from "fast-check";
import { nearest, Suggestions } from "../../src/core/suggest.ts";

const WORDS = ["CODE", "MODEL", "CONFIG", "DOC", "NAME"];

Deno.test("nearest() finds a word with two letters swapped", () => {
  assert.equal(nearest("MODLE", WORDS)[0], "MODEL");
  assert.equal(nearest("CONIFG", WORDS)[0], "CONFIG");
  assert.equal(nearest("NAEM", WORDS)[0], "NAME");
});

Deno.test("nearest() does not mind letter case", () => {
  assert.equal(nearest("modl", WORDS)[0], "MODEL");
});

Deno.test("nearest() gives nothing when nothing is near", () => {
  assert.deepEqual(nearest("LICENSE", WORDS), []);
});

Deno.test("nearest() puts the nearest first and gives at most three", () => {
  const found = nearest("abcdef", ["abcxyf", "abcdef", "abcdex", "abcdxx", "zzzzzz"]);
  assert.deepEqual(found, ["abcdef", "abcdex", "abcdxx"]);
});

Deno.test("nearest() always finds the word itself first", () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), (word) => {
    assert.equal(nearest(word, [`${word}x`, word])[0], word);
  }));
});

Deno.test("nearest() compares no words that nobody types, however long documents make them", () => {
  const long = "layer".repeat(200_000);
  assert.deepEqual(nearest(long, [`${long}s`, "layer"]), []);
  assert.deepEqual(nearest("layer", [long, "layers"]), ["layers"]);
  assert.deepEqual(nearest("x".repeat(200), [`${"x".repeat(199)}y`]), [`${"x".repeat(199)}y`]);
});

Deno.test("Suggestions end after a million comparisons", () => {
  const suggestions = new Suggestions();
  const candidates = Array.from({ length: 100_000 }, (_, each) => `layer-${each}`);
  const found = Array.from({ length: 12 }, () => suggestions.nearest("layer-77", candidates));
  assert.deepEqual(found, [...Array(10).fill("layer-77"), undefined, undefined]);
});
