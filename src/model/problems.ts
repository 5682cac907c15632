/**
 * Many problems, one error.
 * @module
 */
import { InvalidInputError, type Problem } from "../core/errors.ts";

/** One problem in a line of text: `line 3: unknown instruction "MODLE"; write MODEL`. */
export function describeProblem(problem: Problem): string {
  const where = problem.line === undefined ? "" : `line ${problem.line}: `;
  const instead = problem.suggestion === undefined ? "" : `; write ${problem.suggestion}`;
  return `${where}${problem.message}${instead}`;
}

/** Problems in the order of their lines; those of no line come first. */
export function inLineOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/**
 * The error that reports all the problems found on the way to `action` with `object`.
 *
 * @param attempt What was tried, on what, and what would help.
 */
export function problemsError(
  problems: readonly Problem[],
  attempt: { readonly action: string; readonly object: string; readonly remedy?: string },
): InvalidInputError {
  const sorted = inLineOrder(problems);
  const first = sorted[0] === undefined ? "nothing was found" : describeProblem(sorted[0]);
  const found = sorted.length > 1 ? `${sorted.length} problems, first ${first}` : first;
  return new InvalidInputError(
    `Cannot ${attempt.action} ${JSON.stringify(attempt.object)}: ${found}`,
    {
      path: attempt.object,
      problems: sorted,
      ...(attempt.remedy === undefined ? {} : { remedy: attempt.remedy }),
    },
  );
}
