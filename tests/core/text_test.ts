import assert from "node:assert/strict";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import {
  base64,
  compareText,
  decodeUrlPart,
  listed,
  plainText,
  quote,
  shellWord,
  sortByText,
  withoutEnd,
} from "../../src/core/text.ts";

Deno.test("quote() shows a value between double quotes, with its control characters escaped", () => {
  assert.equal(quote("weights/model.bin"), '"weights/model.bin"');
  assert.equal(quote('a "b"\n\u001b[1m'), '"a \\"b\\"\\n\\u001b[1m"');
});

Deno.test("quote() cuts a value that is longer than a message can hold", () => {
  assert.equal(quote("abcdef", 3), '"abc…"');
  assert.equal(quote("x".repeat(5000)).length, 1003);
});

Deno.test("plainText() makes one short line of text from outside", () => {
  assert.equal(plainText(" two\nlines\u202e and\u0007 more "), "two lines and more");
  assert.equal(plainText("abcdef", 3), "abc…");
});

Deno.test("plainText() gives one short line without control characters", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const line = plainText(text, 50);
    assert(line.length <= 51);
    assert(!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(line));
  }));
});

Deno.test("compareText() orders as the UTF-8 bytes do, which is the order of code points", () => {
  const words = fc.string({ unit: "grapheme" });
  const fixed = (text: string) =>
    Array.from(text, (char) => String(char.codePointAt(0)).padStart(7, "0")).join("");
  fc.assert(fc.property(words, words, (a, b) => {
    const [left, right] = [fixed(a), fixed(b)];
    assert.equal(Math.sign(compareText(a, b)), left < right ? -1 : left > right ? 1 : 0);
  }));
  // Halves of pairs too, which have no bytes of their own.
  const units = fc.array(
    fc.constantFrom("a", "é", "\ud7ff", "\ud83d", "\ude00", "\ufffd", "\uffff"),
  )
    .map((parts) => parts.join(""));
  fc.assert(fc.property(units, units, (a, b) => {
    assert.equal(compareText(a, b), Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }));
});

Deno.test("withoutEnd() cuts what it is told off the end, and nothing else", () => {
  assert.equal(withoutEnd("/a//b//", "/"), "/a//b");
  assert.equal(withoutEnd("x. . ", ". "), "x");
  assert.equal(withoutEnd("///", "/"), "");
  assert.equal(withoutEnd("", "/"), "");
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", "/", "?", "é") }), (text) => {
    assert.equal(withoutEnd(text, "/?"), text.replace(/[/?]+$/, ""));
  }));
  // By the square of the length this would take minutes.
  const long = "/".repeat(4_000_000);
  assert.equal(withoutEnd(`a${long}b`, "/").length, 4_000_002);
});

Deno.test("decodeUrlPart() decodes what is encoded text, and leaves everything else", () => {
  assert.equal(decodeUrlPart("a%2Fb%C3%A9"), "a/bé");
  for (const text of ["%", "%zz", "a%2", "%ff%fe", "%E0%A4"]) {
    assert.equal(decodeUrlPart(text), text);
  }
});

Deno.test("sortByText() orders as compareText() does, with and without pairs of code units", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
  );
  fc.assert(fc.property(fc.array(text), (texts) => {
    const items = texts.map((name) => ({ name }));
    const wanted = [...items].sort((a, b) => compareText(a.name, b.name));
    assert.deepEqual(sortByText([...items], ({ name }) => name), wanted);
  }));
  const names = ["\u{1f600}", "\uff41", "a", "\ud800"];
  assert.deepEqual(sortByText([...names], (name) => name), [...names].sort(compareText));
});

Deno.test("shellWord() leaves plain words alone, and has a shell read all others as they are", async () => {
  for (const plain of [".", "./epi-sir", "localhost:5000/models/llama:v1", "a@sha256:0f"]) {
    assert.equal(shellWord(plain), plain);
  }
  for (const word of ["my model", "it's", "", "$HOME", "a;b", "*", "`id`", "ü"]) {
    const args = ["-c", `printf %s ${shellWord(word)}`];
    const { stdout } = await new Deno.Command("sh", { args }).output();
    assert.equal(new TextDecoder().decode(stdout), word);
  }
});

Deno.test("listed() gives the first names, and says how many there are besides", () => {
  assert.equal(listed([], 2), "");
  assert.equal(listed(["a"], 2), "a");
  assert.equal(listed(["a", "b"], 2), "a, b");
  assert.equal(listed(["a", "b", "c"], 2), "a, b and 1 more");
});

Deno.test("base64() takes texts of any length", () => {
  for (const length of [0, 1, 2, 3, 150_000, 1_000_000]) {
    const text = "ü".repeat(length);
    assert.equal(base64(text), Buffer.from(text).toString("base64"));
  }
});
