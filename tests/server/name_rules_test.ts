import assert from "node:assert/strict";
import { isServedName } from "../../src/server/name_rules.ts";

Deno.test("isServedName() takes the specification's names and those of the local store", () => {
  const names = ["demo", "models/demo", "a/b/c_d", "localhost:5000/demo", "registry.test/a/b"];
  for (const name of [...names, "Registry.Test:80/a", "[::1]:5000/demo", "x".repeat(255)]) {
    assert.ok(isServedName(name), name);
  }
});

Deno.test("isServedName() refuses what could be another path", () => {
  const names = ["", "/", "a/", "/a", "a//b", ".", "..", "a/..", "../a", "a/../b", "_layers"];
  const odd = [
    "a/_uploads",
    "A",
    "localhost:5000",
    "localhost:5000/",
    "localhost:99999/a",
    "a:b/c",
  ];
  for (const name of [...names, ...odd, "a\\b", "a\0", "a b", "é", "a/B", "x".repeat(256)]) {
    assert.ok(!isServedName(name), name);
  }
});
