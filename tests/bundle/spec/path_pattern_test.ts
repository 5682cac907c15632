import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseFilter,
  parsePathPattern,
  type PathPattern,
} from "../../../src/bundle/spec/path_pattern.ts";

/** Whether a path matches when it is compared part by part. */
function matchesPath(pattern: PathPattern, path: string): boolean {
  const names = path.split("/");
  return pattern.accepts(names.reduce((state, name) => pattern.step(state, name), pattern.start));
}

const PATTERNS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["src/**", ["src/a.py", "src/x/y/z"], ["src", "a.py", "src/.hidden", "src/.git/x"]],
  ["src/**/*.py", ["src/a.py", "src/x/y/a.py"], ["src/a.pyc", "a.py", "src/.x/a.py"]],
  ["**/*.py", ["a.py", "x/a.py"], [".a.py"]],
  ["**", ["a", "a/b/c"], [".a", "a/.b"]],
  ["**/x/**", ["x/a", "a/x/b/c"], ["x", "a/x"]],
  ["data/*", ["data/a"], ["data/a/b", "data/.a", "data"]],
  ["data/.*", ["data/.a"], ["data/a"]],
  [".config/*", [".config/a"], ["config/a"]],
  ["a?c", ["abc", "a😀c"], ["ac", "a/c", "abbc"]],
  ["[ab]", ["a", "b"], ["c", "[ab]"]],
  ["[!ab]", ["c"], ["a", ".", "ab"]],
  ["[a-c]x", ["bx"], ["dx", "-x"]],
  ["[]a]", ["]", "a"], ["b"]],
  ["[z-a]", [], ["a", "z", "-"]],
  ["a[", ["a["], ["a"]],
  ["{a,b}", ["{a,b}"], ["a", "b"]],
  ["a+(b)", ["a+(b)"], ["ab"]],
  ["./a//b", ["a/b"], ["a"]],
  ["café", ["café"], ["cafe"]],
  ["cafe\u0301", ["café"], []],
  ["***", ["a"], ["a/b"]],
];

for (const [pattern, matching, others] of PATTERNS) {
  Deno.test(`parsePathPattern() reads ${JSON.stringify(pattern)}`, () => {
    const parsed = parsePathPattern(pattern);
    assert.equal(parsed.fault, undefined);
    for (const path of matching) assert.ok(matchesPath(parsed, path), path);
    for (const path of others) assert.ok(!matchesPath(parsed, path), path);
  });
}

Deno.test("parsePathPattern() finds fault with patterns that leave the directory", () => {
  for (const pattern of ["/etc/*", "C:\\x", "../x", "a/../b", "a\\b", "", ".", "./"]) {
    assert.ok(parsePathPattern(pattern).fault, pattern);
  }
});

Deno.test("parseFilter() compares whole paths, where stars cross slashes", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["*.pyc", ["a.pyc", "x/y/a.pyc", ".a.pyc"], ["a.py"]],
    ["data/*", ["data/a", "data/a/b"], ["x/data/a"]],
    ["**/__pycache__/**", ["__pycache__/a", "x/__pycache__/a"], ["__pycache__"]],
    ["data/[!a]*", ["data/b"], ["data/a"]],
    ["Data/*", [], ["data/a"]],
  ];
  for (const [pattern, matching, others] of rows) {
    const matches = parseFilter(pattern);
    for (const path of matching) assert.ok(matches(path), `${pattern} ${path}`);
    for (const path of others) assert.ok(!matches(path), `${pattern} ${path}`);
  }
});

Deno.test("patterns without wildcards match exactly themselves", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) =>
    !/[*?[\\\/]/.test(text) && ![".", ".."].includes(text) && text.normalize("NFC") === text
  );
  fc.assert(fc.property(fc.array(name, { minLength: 1 }), fc.string(), (names, other) => {
    const path = names.join("/");
    const pattern = parsePathPattern(path);
    assert.ok(matchesPath(pattern, path));
    assert.ok(parseFilter(path)(path));
    if (other !== path) assert.ok(!matchesPath(pattern, other));
  }));
});

Deno.test("any text is a pattern that can be compared", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[[\]!*?a\-^\\/]*$/));
  fc.assert(fc.property(text, fc.string(), (pattern, path) => {
    assert.equal(typeof matchesPath(parsePathPattern(pattern), path), "boolean");
    assert.equal(typeof parseFilter(pattern)(path), "boolean");
  }));
});
