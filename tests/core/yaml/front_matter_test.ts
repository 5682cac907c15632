import assert from "node:assert/strict";
import fc from "fast-check";
import {
  frontMatter,
  README_START,
  withoutFrontMatter,
} from "../../../src/core/yaml/front_matter.ts";

/** READMEs, their front matter, and what is left without it. */
const ROWS: readonly [readme: string, front: string | undefined, rest: string][] = [
  ["---\nlicense: mit\n---\n# Title\n", "license: mit", "# Title\n"],
  ["\uFEFF---\r\na: 1\r\nb: 2\r\n---\r\ntext", "a: 1\r\nb: 2", "text"],
  ["--- \t\na: 1\n---\t\n", "a: 1", ""],
  ["---\na: 1\n---", "a: 1", ""],
  ["# Title\n---\na: 1\n---\n", undefined, "# Title\n---\na: 1\n---\n"],
  ["---\na: 1\n", undefined, "---\na: 1\n"],
  ["----\na: 1\n----\n", undefined, "----\na: 1\n----\n"],
  ["", undefined, ""],
];

for (const [readme, front, rest] of ROWS) {
  Deno.test(`front matter of ${JSON.stringify(readme)}`, () => {
    assert.equal(frontMatter(readme), front);
    assert.equal(withoutFrontMatter(readme), rest);
  });
}

Deno.test("front matter that does not end where a README begins is none", () => {
  const readme = `---\n${"a".repeat(README_START)}\n---\nrest`;
  assert.equal(frontMatter(readme), undefined);
  assert.equal(withoutFrontMatter(readme), readme);
});

Deno.test("front matter and the rest are all of a README", () => {
  const line = fc.string({ unit: fc.constantFrom("a", ":", " ", "-", "#") });
  fc.assert(fc.property(fc.array(line), fc.string(), (lines, rest) => {
    const front = lines.join("\n");
    fc.pre(!/^---[ \t]*$/m.test(front));
    const readme = `---\n${front}\n---\n${rest}`;
    assert.equal(frontMatter(readme), front);
    assert.equal(withoutFrontMatter(readme), rest);
  }));
});
