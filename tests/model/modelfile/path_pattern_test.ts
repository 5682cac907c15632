import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGlob } from "../../../src/core/glob.ts";
import { mayBeName, pathPattern } from "../../../src/model/modelfile/path_pattern.ts";

Deno.test("pathPattern() names a path and nothing else, for us and for tools without braces", () => {
  for (const name of ["a.bin", "{a,b}.bin", "x{", "back\\slash"]) {
    assert.equal(pathPattern(name), name);
  }
  assert.equal(pathPattern("a[1].bin"), "a\\[1\\].bin");
  assert.equal(pathPattern("{a,b}*.bin"), "[{]a,b[}]\\*.bin");
  const path = fc.string({ unit: fc.constantFrom(..."ab*?[]{}\\,/"), minLength: 1 });
  fc.assert(
    fc.property(path, path, (path, other) => {
      const pattern = pathPattern(path);
      if (mayBeName(pattern) && pattern === path) return;
      const glob = parseGlob(pattern);
      assert.ok(glob.matches(path), pattern);
      assert.equal(glob.matches(other), path === other);
    }),
    { numRuns: 2000 },
  );
});
