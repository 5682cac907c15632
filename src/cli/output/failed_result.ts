/**
 * Failures that come with a result.
 * @module
 */

/**
 * A failure after something was found out: with `--json`, that goes into the document of the error.
 */
export class FailedResult extends Error {
  /** What ended the run. */
  readonly failure: unknown;
  /** The fields of the result. */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(failure: unknown, document: Readonly<Record<string, unknown>>) {
    super("the command failed with a result");
    this.failure = failure;
    this.document = document;
  }
}
