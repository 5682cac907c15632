import assert from "node:assert/strict";
import { IgnoreRules } from "../../src/core/ignore_rules.ts";

const ROWS:
  readonly (readonly [rules: string, ignored: readonly string[], kept: readonly string[]])[] = [
    ["*.log", ["a.log", "x/y/a.log", ".log"], ["a.logs", "A.LOG"]],
    ["tmp/", ["tmp/", "x/tmp/", "tmp/a"], ["tmp", "x/tmp"]],
    ["/a", ["a", "a/b"], ["x/a"]],
    ["x/a", ["x/a", "x/a/b"], ["y/x/a"]],
    ["**/a", ["a", "x/y/a"], ["b"]],
    ["a/**", ["a/b", "a/b/c"], ["a"]],
    ["a/**/b", ["a/b", "a/x/y/b"], ["x/a/b"]],
    ["*.log\n!keep.log", ["a.log"], ["keep.log", "x/keep.log"]],
    ["a/\n!a/b", ["a/b"], ["b"]],
    ["# a\n\\#b\n\\!c", ["#b", "!c"], ["a", "# a"]],
    ["a  \nb\\ ", ["a", "b "], ["b", "a  "]],
    ["a\r\nb\r", ["a", "b"], ["a\r"]],
    ["[a-c]?\\*", ["bx*"], ["dx*", "bxx"]],
    ["[a", [], ["a", "[a"]],
    ["a\\", [], ["a", "a\\"]],
    ["\n \n/", [], ["a", " "]],
    // What `git ls-files --exclude-standard` made of these.
    ["v[[:digit:]]", ["v1", "x/v9"], ["va", "v", "v["]],
    ["[[:alnum:][:space:]_]x", ["ax", "9x", " x", "_x"], ["-x", "éx"]],
    ["[![:punct:]]", ["a", " "], ["!", "#", "]"]],
    ["[a[:upper:]-]", ["a", "Q", "-"], ["b", ":", "["]],
    ["[[:nope:]]", [], ["n", "[", ":", "a"]],
    ["[[:alpha]", [":", "[", "l"], ["b", "]"]],
    ["***/[ab]", ["a", "x/y/b"], ["c"]],
    ["a/****/b", ["a/b", "a/x/y/b"], ["b"]],
    ["a/***", ["a/b", "a/b/c"], ["a"]],
  ];

for (const [rules, ignored, kept] of ROWS) {
  Deno.test(`rules ${JSON.stringify(rules)} leave out what gitignore says`, () => {
    const parsed = new IgnoreRules(rules.split("\n"));
    for (const path of ignored) assert.ok(parsed.ignores(path), path);
    for (const path of kept) assert.ok(!parsed.ignores(path), path);
  });
}

Deno.test("rules without end are refused", () => {
  assert.throws(() => new IgnoreRules(["a".repeat(5000)]), /more than 4096 characters/);
  assert.throws(() => new IgnoreRules(Array(10_001).fill("a")), /more than 10000 were given/);
});
