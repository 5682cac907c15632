import assert from "node:assert/strict";
import { Claims } from "../../src/archive/claims.ts";
import { ConflictError, InvalidInputError } from "../../src/core/errors.ts";

Deno.test("a path may be claimed again, and others beside it", () => {
  const claims = new Claims();
  for (const path of ["a/b", "a/b", "a/c", "a.b", "b"]) claims.file(path);
  for (const path of ["a", "a/d/e", "a", ""]) claims.folder(path);
});

Deno.test("twins in case or Unicode form are refused where the system folds them", () => {
  for (
    const [first, second] of [["README.md", "readme.md"], ["caf\u00e9", "cafe\u0301"]] as const
  ) {
    const folding = new Claims("darwin");
    folding.file(first);
    assert.throws(() => folding.file(second), (error) => {
      assert.ok(error instanceof ConflictError);
      assert.match(error.message, /^Cannot extract ".*": it meets ".*", only case or Unicode/);
      return true;
    });
    const exact = new Claims("linux");
    exact.file(first);
    exact.file(second);
  }
});

Deno.test("a path cannot be a file and a folder", () => {
  const meets = (...claims: ((claims: Claims) => void)[]) => {
    const all = new Claims();
    const last = claims.pop();
    for (const claim of claims) claim(all);
    assert.throws(() => last?.(all), ConflictError);
  };
  meets((claims) => claims.file("a"), (claims) => claims.file("a/b/c"));
  meets((claims) => claims.file("a/b/c"), (claims) => claims.file("a/b"));
  meets((claims) => claims.file("a/b"), (claims) => claims.folder("a/b"));
  meets((claims) => claims.folder("a/b"), (claims) => claims.file("a"));
});

Deno.test("names that lead through too many folders are refused before those fill the memory", () => {
  const deep = (at: number) => `d/${at}/${"a/".repeat(500)}f`;
  const claims = new Claims();
  const claimed = { names: 0 };
  assert.throws(() => {
    for (let at = 0; at < 2000; at++) {
      claims.file(deep(at));
      claimed.names++;
    }
  }, InvalidInputError);
  assert.ok(claimed.names > 100, `${claimed.names}`);
  const wide = new Claims();
  for (let at = 0; at < 2000; at++) wide.file(`models/${at % 100}/of/some/${at}/levels/f`);
});
