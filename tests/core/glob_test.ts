import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGlob } from "../../src/core/glob.ts";

function check(rows: readonly (readonly [pattern: string, path: string])[], expected: boolean) {
  for (const [pattern, path] of rows) {
    assert.equal(parseGlob(pattern).matches(path), expected, `${pattern} and ${path}`);
  }
}

Deno.test("patterns match what they say", () => {
  check([
    ["a.bin", "a.bin"],
    ["*.bin", "a.bin"],
    ["*.bin", ".hidden.bin"],
    ["model-?.bin", "model-1.bin"],
    ["[a-c].bin", "b.bin"],
    ["[^a].bin", "b.bin"],
    ["[!a].bin", "b.bin"],
    ["[]a].bin", "].bin"],
    ["*/*.bin", "x/a.bin"],
    ["**/*.bin", "a.bin"],
    ["**/*.bin", "x/y/a.bin"],
    ["build/**", "build"],
    ["build/**", "build/x/y"],
    ["{a,b}.bin", "b.bin"],
    ["{x/a,b}.bin", "x/a.bin"],
    ["é*", "été"],
  ], true);
});

Deno.test("patterns match nothing else", () => {
  check([
    ["a.bin", "axbin"],
    ["*.bin", "x/a.bin"],
    ["?.bin", ".bin"],
    ["a?b", "a/b"],
    ["[^a].bin", "a.bin"],
    ["*.bin", "A.BIN"],
    ["{a,b}.bin", "c.bin"],
    ["*", "a/b"],
  ], false);
});

Deno.test("characters that shells give a meaning to are literal", () => {
  const names = ["a(1).x", "a+.x", "!a.x", "@(a).x", '"a".x', "a|b.x", "$a.x", "^a.x", "#a.x"];
  for (const name of names) {
    const pattern = name.replace(".x", ".*");
    check([[pattern, name]], true);
    check([[pattern, "a.x"], [pattern, "a1.x"], [pattern, "aa.x"], [pattern, "b.x"]], false);
  }
});

Deno.test("a backslash makes wildcards literal, and is itself otherwise", () => {
  assert.equal(parseGlob("a\\[1\\].bin").literal, "a[1].bin");
  assert.equal(parseGlob("a\\b").literal, "a\\b");
  assert.equal(parseGlob("a\\\\*").literal, undefined);
  check([["a\\\\*", "a\\b"], ["[\\]]", "]"], ["\\**", "*a"]], true);
  check([["\\**", "ba"]], false);
});

Deno.test("a lone closing bracket or brace is literal", () => {
  assert.equal(parseGlob("a].bin").literal, "a].bin");
  assert.equal(parseGlob("a}.bin").literal, "a}.bin");
});

Deno.test("a malformed pattern says what is wrong and matches nothing", () => {
  assert.equal(parseGlob("a[1").fault, '"[" is not closed');
  assert.equal(parseGlob("a[]").fault, '"[" is not closed');
  assert.equal(parseGlob("{a,b").fault, '"{" is not closed');
  assert.equal(parseGlob("[z-a]").fault, "[z-a] is not a class of characters");
  assert.equal(parseGlob("a[1").matches("a1"), false);
  assert.equal(parseGlob("*".repeat(100_000)).fault, "it has more than 4096 characters");
});

Deno.test("ignoreCase compares without letter case", () => {
  assert.ok(parseGlob("LICENSE*", { ignoreCase: true }).matches("license.txt"));
  assert.ok(parseGlob("README", { ignoreCase: true }).matches("readme"));
});

Deno.test("mayMatchBelow() spares folders that cannot hold a match", () => {
  const rows = [
    ["*.bin", "x", false],
    ["x/*.bin", "x", true],
    ["x/*.bin", "y", false],
    ["x/*.bin", "x/y", false],
    ["*/y/*.bin", "x", true],
    ["**/a", "x/y/z", true],
    ["x/**", "y", false],
    ["{x/a,b}.bin", "x", true],
    ["x/a", "x", true],
    ["x/a", "y", false],
  ] as const;
  for (const [pattern, folder, expected] of rows) {
    assert.equal(parseGlob(pattern).mayMatchBelow(folder), expected, `${pattern} below ${folder}`);
  }
});

Deno.test("backslashes behind a wildcard are read to their end", () => {
  for (const pattern of ["*\\\\\\", "}}/]*b,,\\\\\\", "?\\\\\\\\"]) {
    parseGlob(pattern).matches("a/b");
  }
  assert(parseGlob("*\\\\\\").matches("a\\\\"));
  assert(parseGlob("a\\\\*").matches("a\\b"));
});

Deno.test("parseGlob() never throws, whatever the pattern", () => {
  const pattern = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(..."*?[]{}\\/,.!^-ab") }),
  );
  fc.assert(
    fc.property(pattern, (pattern) => {
      const glob = parseGlob(pattern);
      glob.matches("a/b");
      glob.mayMatchBelow("a");
    }),
    { numRuns: 2000 },
  );
});
