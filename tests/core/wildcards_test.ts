import assert from "node:assert/strict";
import fc from "fast-check";
import ignore from "ignore";
import picomatch from "picomatch";
import { parseFilter, parsePathPattern } from "../../src/bundle/spec/path_pattern.ts";
import { pathFilter } from "../../src/bundle/workspace/path_filter.ts";
import { parseGlob } from "../../src/core/glob.ts";
import { IgnoreRules } from "../../src/core/ignore_rules.ts";
import { anyChar, compileWildcards, literally } from "../../src/core/wildcards.ts";

/** The languages of patterns that we read, each as one question. */
const LANGUAGES: Readonly<Record<string, (pattern: string, path: string) => boolean>> = {
  "a Modelfile": (pattern, path) => parseGlob(pattern).matches(path),
  ".modignore": (pattern, path) => new IgnoreRules([pattern]).ignores(path),
  "files of modelops.yaml": (pattern, path) => {
    const parsed = parsePathPattern(pattern);
    return parsed.accepts(path.split("/").reduce(parsed.step, parsed.start));
  },
  "rules of modelops.yaml": (pattern, path) => parseFilter(pattern)(path),
  "include of a bundle": (pattern, path) => pathFilter({ include: [pattern] })(path),
};

/** Patterns that make an expression try one way after the other, and the ends nothing has. */
const HOSTILE = [
  "*a".repeat(60) + "b",
  "?*".repeat(60) + "b",
  "[a-z]*".repeat(60) + "0",
  "**/a/".repeat(60) + "b",
  "*".repeat(2000) + "b",
  // Those whose end says nothing have to be followed through all of a name.
  "*a".repeat(60) + "b*",
  "a*".repeat(1000) + "b*",
  "?*".repeat(60) + "b?*",
  "[a-z]*".repeat(60) + "0*",
  "**/a/".repeat(60) + "b/**",
];

for (const [language, matches] of Object.entries(LANGUAGES)) {
  Deno.test(`a hostile pattern of ${language} is compared to its end`, () => {
    for (const pattern of HOSTILE) {
      assert.equal(matches(pattern, "a".repeat(2000)), false, pattern.slice(0, 20));
      assert.equal(matches(pattern, "a/".repeat(100) + "a"), false, pattern.slice(0, 20));
    }
  });
}

Deno.test("braces of a Modelfile do not multiply", () => {
  assert.equal(parseGlob("{a,b}".repeat(500) + "c").matches("ab".repeat(250)), false);
  assert.equal(parseGlob("{a,a{,a{,a*}*}*}*".repeat(50) + "c").matches("a".repeat(500)), false);
  const ways = parseGlob(`{${Array(90).fill("a*".repeat(20)).join(",")}}b*`);
  for (let index = 0; index < 100; index++) {
    assert.equal(ways.matches(`${"a".repeat(200)}${index}`), false);
  }
  assert.equal(parseGlob("{".repeat(2000)).fault, "its braces are nested too deep");
});

const name = fc.string({ unit: fc.constantFrom(..."ab.1"), minLength: 1, maxLength: 4 })
  .filter((name) => !/^\.+$/.test(name));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));

const OPTIONS = { dot: true, nonegate: true, noextglob: true, windows: false };

Deno.test("ordinary patterns of a Modelfile match what picomatch matches", () => {
  const word = fc.oneof(
    fc.constantFrom("a", "b", ".1", "?", "[ab]", "[^a]", "[a-b1]", "{a,b}", "{a,b1,.}"),
    fc.constantFrom("a*", "*b", "*", "b*a", "{a*,b}", "{b/a,1}"),
  );
  const part = fc.oneof(
    fc.constant("**"),
    fc.array(word, { minLength: 1, maxLength: 3 }).map((words) =>
      words.join("").replaceAll("**", "*")
    ),
  );
  const pattern = fc.array(part, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/").replace(/(\*\*\/)+\*\*/g, "**"));
  fc.assert(
    fc.property(pattern, path, (pattern, path) => {
      // Whether stars of any depth at the end match nothing, depends there on what is before them.
      const folder = pattern.replace(/\/\*\*$/, "");
      const expected = picomatch([pattern, folder], OPTIONS)(path);
      assert.equal(parseGlob(pattern).matches(path), expected);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a folder that holds a match is always looked into", () => {
  const pattern = fc.string({ unit: fc.constantFrom(..."ab*?/{,}[]"), maxLength: 12 });
  fc.assert(
    fc.property(pattern, path, (pattern, path) => {
      const glob = parseGlob(pattern);
      if (!glob.matches(path)) return;
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
        assert.ok(glob.mayMatchBelow(path.slice(0, end)), `${pattern} below ${path.slice(0, end)}`);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("rules leave out what the library of gitignore rules leaves out", () => {
  const word = fc.constantFrom("a", "b", ".", "1", "*", "?", "[ab]", "[!a]", "\\*", "**/", "/");
  const line = fc.tuple(
    fc.constantFrom("", "!", "/", "!/", "**/", "#"),
    fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join("")),
    fc.constantFrom("", "/", "/**", " ", "\\ "),
  ).map((parts) => parts.join(""))
    // Stars inside a part, and slashes in a row, mean nothing that anybody agrees on.
    .filter((line) => !/[^/!]\*\*|\*\*[^/]|\/\/|\*{3}/.test(line));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), path, fc.boolean(), (lines, path, isFolder) => {
      const node = isFolder ? `${path}/` : path;
      const expected = ignore({ ignoreCase: false }).add(lines).ignores(node);
      assert.equal(new IgnoreRules(lines).ignores(node), expected);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the end that all texts of a pattern have is no more than a part of it", () => {
  const unit = fc.constantFrom("a", ".", "😀", "\ud83d", "\ude00");
  const text = fc.string({ unit, maxLength: 6 });
  fc.assert(fc.property(text, text, text, (start, middle, end) => {
    const pattern = compileWildcards([...literally(start), { many: anyChar }, ...literally(end)]);
    const whole = start + middle + end;
    // Halves that meet are one character, which is neither of the two.
    if (
      Array.from(whole).length !== [start, middle, end].flatMap((each) => Array.from(each)).length
    ) {
      return;
    }
    assert.ok(pattern.matches(whole), JSON.stringify(whole));
    assert.equal(pattern.matches(`${whole}x`), end === "");
    assert.equal(pattern.matches(`x${whole}`), start === "");
  }));
});
