import assert from "node:assert/strict";
import { bumpVersion } from "../../../src/bundle/spec/bump.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";

Deno.test("bumpVersion() gives the golden versions", () => {
  assert.equal(bumpVersion("1.2.3", "patch"), "1.2.4");
  assert.equal(bumpVersion("v1.2.3", "minor"), "v1.3.0");
  assert.equal(bumpVersion("vv1.2.3", "major"), "v2.0.0");
  assert.equal(bumpVersion("01.2.3", "patch"), "1.2.4");
  for (const bad of ["1.2", "1.2.3-rc1", "1.2.3+b", "", " 1.2.3", "1.-2.3", "1_0.2.3", "1.2.3.4"]) {
    assert.throws(() => bumpVersion(bad, "patch"), InvalidInputError, bad);
  }
  assert.throws(() => bumpVersion("1.2.3", "huge" as "major"), InvalidInputError);
});
