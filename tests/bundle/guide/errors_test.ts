import assert from "node:assert/strict";
import * as errors from "../../../src/bundle/guide/errors.ts";
import { EXIT_CODES } from "../../../src/cli/output/exit_codes.ts";
import { ModelOpsError } from "../../../src/core/errors.ts";

Deno.test("the guide's names are the product's errors, with the guide's exit codes", () => {
  const { GUIDE_EXIT_CODES, ...classes } = errors;
  assert.deepEqual(Object.keys(classes).sort(), Object.keys(GUIDE_EXIT_CODES).sort());
  for (const [name, Class] of Object.entries(classes)) {
    const error = new Class("Cannot do it");
    assert.ok(error instanceof ModelOpsError);
    assert.equal(
      EXIT_CODES[error.kind],
      GUIDE_EXIT_CODES[name as keyof typeof GUIDE_EXIT_CODES],
    );
  }
});
