import assert from "node:assert/strict";
import fc from "fast-check";
import { unseenReplacer } from "../../src/core/unseen.ts";
import { oddText } from "../support/odd_text.ts";

const shown = unseenReplacer((char) => `<${char.codePointAt(0)?.toString(16)}>`);

/** Characters without a look of their own, of each kind that Unicode has. */
const UNSEEN = [
  ..."\u0000\u0007\t\n\r\u001b\u007f\u0085\u009b", // controls
  ..."\u061c\u200e\u200f\u202a\u202e\u2066\u2069\u206a", // direction
  ..."\u00ad\u200b\u200c\u200d\u2060\u2062\u2064\u2065\ufeff\ufff9", // no width
  ..."\u034f\u115f\u1160\u17b4\u180b\u180e\u3164\uffa0\ufff0", // fillers
  ..."\ufe00\ufe0e\ufe0f\u{e0100}\u{e01ef}", // selectors
  ..."\u{1d173}\u{e0001}\u{e0041}\u{e007f}\u{e0fff}", // music, tags, and what may come
  ..."\u2028\u2029", // ends of lines
  "\ud800",
  "\udfff",
];

Deno.test("every kind of character that nobody sees is replaced between letters", () => {
  for (const char of UNSEEN) {
    const code = `<${char.codePointAt(0)?.toString(16)}>`;
    for (const [before, after] of [["a", "b"], ["", ""], ["模", "."], ["👩", "a"], ["1", "2"]]) {
      // A woman without colours is not the usual one, but she can be seen.
      if (before === "👩" && char === "\ufe0e") continue;
      assert.equal(shown(`${before}${char}${after}`), `${before}${code}${after}`);
    }
  }
});

Deno.test("emoji and words that are written with joiners and selectors stay whole", () => {
  const honest = [
    ...["👩‍👩‍👧", "👩🏽‍⚕️", "🏳️‍🌈", "🏴‍☠️", "👁️‍🗨️", "❤️", "☎︎", "1️⃣", "#️⃣", "🇩🇪", "😀"],
    ...["\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "می‌خواهم", "ශ්‍රී", "क्‍ष"],
    ...["modèle", "模型", "e\u0301", "نموذج", "a b"],
  ];
  for (const text of honest) {
    assert.equal(shown(text), text);
    assert.equal(shown(`x${text}y`), `x${text}y`);
  }
});

Deno.test("what is honest in one place is none in another", () => {
  assert.equal(shown("1\ufe0f.bin"), "1<fe0f>.bin");
  assert.equal(shown("😀\ufe0f"), "😀<fe0f>");
  assert.equal(shown("👩\u200d"), "👩<200d>");
  assert.equal(shown("👩\u200d\u200d👩"), "👩<200d><200d>👩");
  assert.equal(shown("م\u200c"), "م<200c>");
  assert.equal(shown("\u0dca\u200d\u061c"), "\u0dca<200d><61c>");
  assert.equal(shown("م\u200c\u200cم"), "م<200c><200c>م");
  assert.equal(shown("\u{1f3f4}\u{e0068}\u{e0069}\u{e007f}"), "\u{1f3f4}<e0068><e0069><e007f>");
});

Deno.test("what is kept stays, and nothing is replaced a second time", () => {
  const inText = unseenReplacer((char) => `<${char.codePointAt(0)?.toString(16)}>`, "\t\n");
  assert.equal(inText("a\tb\n\r\n\u200b\nc"), "a\tb\n<d>\n<200b>\nc");
  fc.assert(fc.property(oddText, (text) => {
    assert.equal(inText(inText(text)), inText(text));
    assert.equal(shown(inText(text)), shown(text));
  }));
});
