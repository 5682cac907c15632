/**
 * Many problems, one error.
 * @module
 */
import { type ErrorOptions, InvalidInputError, type Problem } from "./errors.ts";

/** One problem in a line of text: `line 3: unknown instruction "MODLE"; write MODEL`. */
function describeProblem(problem: Problem): string {
  const where = problem.line === undefined ? "" : `line ${problem.line}: `;
  const instead = problem.suggestion === undefined ? "" : `; write ${problem.suggestion}`;
  return `${where}${problem.message}${instead}`;
}

/**
 * What was found, for a message: the only problem, or `3 problems, the first: …`. `count` says how
 * many there are where not all of them were kept.
 */
export function describeProblems(problems: readonly Problem[], count = problems.length): string {
  const first = problems.slice(0, 1).map(describeProblem).join();
  return count > 1 ? `${count} problems, the first: ${first}` : first;
}

/**
 * The error that reports all the problems, at least one, in the order of their lines; those of no
 * line come first.
 *
 * @param action What was tried and on what, as the message says it after "Cannot".
 */
export function problemsError(
  action: string,
  problems: readonly Problem[],
  options: ErrorOptions = {},
): InvalidInputError {
  const sorted = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return new InvalidInputError(`Cannot ${action}: ${describeProblems(sorted)}`, {
    ...options,
    problems: sorted,
  });
}

/**
 * {@linkcode problemsError} for problems that are whole messages, as those of other errors are: the
 * only one is the message.
 */
export function messagesError(
  action: string,
  problems: readonly Problem[],
  options: ErrorOptions = {},
): InvalidInputError {
  if (problems.length > 1) return problemsError(action, problems, options);
  return new InvalidInputError(describeProblems(problems), { ...options, problems });
}
