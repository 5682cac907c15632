import assert from "node:assert/strict";
import { missingPermission } from "../../../src/cli/output/permission.ts";
import { EXIT_CODES } from "../../../src/cli/output/exit_codes.ts";
import { describeFailure } from "../../../src/cli/output/failure.ts";
import { InvalidInputError } from "../../../src/core/errors.ts";

/** What the runtime throws for a permission that a run does not have. */
function refusal(wanted: string, flag: string): Error {
  return new Deno.errors.NotCapable(`Requires ${wanted}, run again with the ${flag} flag`);
}

for (
  const [wanted, flag, expected] of [
    ['read access to "/etc/my hosts"', "--allow-read", "--allow-read"],
    ['read access to "/etc/hosts"', "--allow-read", "--allow-read=/etc/hosts"],
    ['net access to "127.0.0.1:5000"', "--allow-net", "--allow-net=127.0.0.1:5000"],
    ['env access to "HOME"', "--allow-env", "--allow-env=HOME"],
    ["read access to <CWD>", "--allow-read", "--allow-read"],
    ["write access", "--allow-write", "--allow-write"],
  ] as const
) {
  Deno.test(`missingPermission() of ${wanted} is ${expected}`, () => {
    const error = new Error("Cannot", {
      cause: new Error("why", { cause: refusal(wanted, flag) }),
    });
    assert.deepEqual(missingPermission(error), { wanted, flag: expected });
  });
}

Deno.test("missingPermission() is none of other errors", () => {
  const others = [new Error("no"), new Deno.errors.PermissionDenied("no"), "Requires read access"];
  const odd = new Deno.errors.NotCapable("something else");
  for (const error of [...others, odd]) assert.equal(missingPermission(error), undefined);
});

Deno.test("a failure for want of a permission names what was tried and the flag", () => {
  const cause = refusal('read access to "/etc/hosts"', "--allow-read");
  const error = new InvalidInputError('Cannot read "/etc/hosts": permission denied', { cause });
  const { code, message, hint } = describeFailure(error, { programName: "modelops" });
  assert.equal(code, EXIT_CODES.denied);
  assert.match(message, /^Cannot read "\/etc\/hosts": permission denied: this run has no read /);
  assert.equal(hint, "allow it: `deno run --allow-read=/etc/hosts`");
});
