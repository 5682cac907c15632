/**
 * Runs that end well, with an exit code that says something.
 * @module
 */

import { EXIT_CODES } from "./exit_codes.ts";

/** Ends a run after its result was written: the result is fine, and its code is the answer. */
export class Verdict extends Error {
  /** The exit code. */
  readonly code: number;

  constructor(code: number) {
    super(`the answer is ${code}`);
    this.code = code;
  }
}

/**
 * Ends a run whose list was written, where something is missing in it.
 * @throws {Verdict} where something tells of what is missing.
 */
export function endCut(missing: readonly string[]): void {
  if (missing.length > 0) throw new Verdict(EXIT_CODES.unsupported);
}
