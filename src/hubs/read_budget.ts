/**
 * How much a hub may answer in all while the files of one model are listed: a hub that never comes
 * to an end costs no more than one that is large.
 * @module
 */

/** Documents of one listing. */
const MOST_DOCUMENTS = 300;

/** Bytes of them all. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Counts what was read, and gives out what is left. */
export class ReadBudget {
  readonly #exhausted: (found: string) => Error;
  #documents = MOST_DOCUMENTS;
  #bytes = MOST_BYTES;

  /** `exhausted` makes the error for a hub that answers more. */
  constructor(exhausted: (found: string) => Error) {
    this.#exhausted = exhausted;
  }

  /** Bytes that the next document may have. */
  next(): number {
    if (this.#documents-- <= 0) {
      throw this.#exhausted(`it answers with more than ${MOST_DOCUMENTS} documents`);
    }
    if (this.#bytes <= 0) throw this.#exhausted(`it answers with more than ${MOST_BYTES} bytes`);
    return this.#bytes;
  }

  /** Notes the size of a document that was read. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
  }
}
