/**
 * Runs that end well, with an exit code that says something.
 * @module
 */

/** Ends a run after its result was written: the result is fine, and its code is the answer. */
export class Verdict extends Error {
  /** The exit code. */
  readonly code: number;

  constructor(code: number) {
    super(`the answer is ${code}`);
    this.code = code;
  }
}
