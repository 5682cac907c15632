/**
 * A message of HTTP/1.1 that cannot be read, or could be read in two ways.
 * @module
 */

/** What is wrong with a message; a server answers it with a status. */
export class BadMessage extends Error {
  /** HTTP status of a server's answer to it. */
  readonly status: number;

  /** Makes the error; its text is for the other side. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
    this.name = "BadMessage";
  }
}
