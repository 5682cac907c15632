import assert from "node:assert/strict";
import { InvalidInputError } from "../../src/core/errors.ts";
import { messagesError, problemsError } from "../../src/core/problems.ts";

Deno.test("problemsError() says how many problems there are and the first by its line", () => {
  const error = problemsError('read "Modelfile"', [
    { line: 7, message: "no argument" },
    { line: 2, message: 'unknown instruction "MODLE"', suggestion: "MODEL" },
  ], { path: "Modelfile" });
  assert(error instanceof InvalidInputError);
  assert.equal(
    error.message,
    'Cannot read "Modelfile": 2 problems, the first: line 2: unknown instruction "MODLE"; write MODEL',
  );
  assert.deepEqual(error.facts.problems?.map(({ line }) => line), [2, 7]);
  assert.equal(error.facts.path, "Modelfile");
});

Deno.test("problemsError() says the only problem without a number", () => {
  const error = problemsError('use "spec.yaml"', [{ message: "name is missing" }]);
  assert.equal(error.message, 'Cannot use "spec.yaml": name is missing');
});

Deno.test("messagesError() lets the only message stand alone", () => {
  const problems = ["a", "b"].map((name) => ({ message: `Cannot import "${name}": it is a link` }));
  assert.equal(messagesError('import "x.tar"', problems.slice(0, 1)).message, problems[0]!.message);
  assert.equal(
    messagesError('import "x.tar"', problems).message,
    'Cannot import "x.tar": 2 problems, the first: Cannot import "a": it is a link',
  );
});
