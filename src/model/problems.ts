/**
 * Many problems, one error.
 * @module
 */
import { InvalidInputError, type Problem } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/** One problem in a line of text: `line 3: unknown instruction "MODLE"; write MODEL`. */
export function describeProblem(problem: Problem): string {
  const where = problem.line === undefined ? "" : `line ${problem.line}: `;
  const instead = problem.suggestion === undefined ? "" : `; write ${problem.suggestion}`;
  return `${where}${problem.message}${instead}`;
}

/**
 * The error that reports all the problems, at least one, in the order of their lines; those of no
 * line come first.
 *
 * @param attempt What was tried, on what, and what would help.
 */
export function problemsError(
  problems: readonly Problem[],
  attempt: { readonly action: string; readonly object: string; readonly remedy?: string },
): InvalidInputError {
  const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const first = sorted.slice(0, 1).map(describeProblem).join();
  const found = sorted.length > 1 ? `${sorted.length} problems, the first: ${first}` : first;
  return new InvalidInputError(
    `Cannot ${attempt.action} ${quote(attempt.object)}: ${found}`,
    {
      path: attempt.object,
      problems: sorted,
      ...(attempt.remedy === undefined ? {} : { remedy: attempt.remedy }),
    },
  );
}
