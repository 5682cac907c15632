import assert from "node:assert/strict";
import { explainRead, explainWrite } from "../../../src/core/file_errors.ts";
import { isMissing } from "../../../src/bundle/resolve/missing_part.ts";

Deno.test("content is missing where it is read, and not where the folder that receives it is gone", () => {
  for (const code of ["ENOENT", "ENOTDIR"]) {
    const error = Object.assign(new Error(code), { code });
    assert.equal(isMissing(explainRead("objects/a", error)), true, code);
  }
  for (const code of ["ENOENT", "ENOTDIR", "ENOSPC", "EROFS"]) {
    const error = Object.assign(new Error(code), { code });
    assert.equal(isMissing(explainWrite("out/a", error)), false, code);
  }
});
