/**
 * How much a hub may answer in all while the files of one model are listed, and how long that may
 * take: a hub that never comes to an end costs no more than one that is large.
 * @module
 */
import type { EarnedTime } from "../core/waiting/earned_time.ts";
import { type RetryPolicy, timeInAll } from "../core/retry.ts";

/** Documents of one listing. */
const MOST_DOCUMENTS = 300;

/** Bytes of them all. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Counts what was read, and gives out what is left. */
export class ReadBudget {
  readonly #exhausted: (found: string) => Error;
  readonly #time: EarnedTime;
  #documents = 0;
  #bytes = 0;

  /** Begins with the listing; `exhausted` makes the error for a hub that answers more. */
  constructor(policy: RetryPolicy, exhausted: (found: string) => Error) {
    this.#time = timeInAll(policy);
    this.#exhausted = exhausted;
  }

  /** Bytes that the next document may have. */
  next(): number {
    if (++this.#documents > MOST_DOCUMENTS) {
      throw this.#exhausted(`it answers with more than ${MOST_DOCUMENTS} documents`);
    }
    const left = MOST_BYTES - this.#bytes;
    if (left <= 0) throw this.#exhausted(`it answers with more than ${MOST_BYTES} bytes`);
    const tooLittle = this.#time.tooLittle(this.#bytes);
    if (tooLittle !== undefined) throw this.#exhausted(tooLittle);
    return left;
  }

  /** Notes the size of a document that was read. */
  spend(bytes: number): void {
    this.#bytes += bytes;
  }
}
