/**
 * How long a server is borne with that is never silent for long, but sends next to nothing.
 *
 * Each step just in time would multiply: a byte now and then, page after page with nothing on it,
 * ten thousand small contents.
 * @module
 */

/**
 * Milliseconds that each byte earns for those to come: what has no more than a kilobyte a second
 * has the time it began with and not much more.
 */
const EARNED_TIME = 1;

/**
 * The time that a server has for something in all, in however many requests: some to begin with,
 * and more with each byte.
 */
export class EarnedTime {
  readonly #first: number;
  readonly #begun = performance.now();

  /** Begins now, with so many milliseconds. */
  constructor(first: number) {
    this.#first = first;
  }

  /** Says what is too little, as a clause, when the time of so many bytes is over. */
  tooLittle(bytes: number): string | undefined {
    const time = performance.now() - this.#begun;
    if (time <= this.#first + bytes * EARNED_TIME) return undefined;
    return `only ${bytes} bytes came in ${Math.ceil(time / 1000)} s`;
  }
}

/** The part of the longest silence that an answer may take before it is late. */
const PROMPT = 1 / 8;

/**
 * How late one server was with all that it was asked for: what takes longer than an eighth of the
 * longest silence, and than its bytes earn. It may be so for as long as one answer may take in all
 * tries, and longer with each byte.
 */
export class Lateness {
  readonly #prompt: number;
  readonly #most: number;
  #late = 0;
  /** Up to when it was counted: what is late at the same time is late once. */
  #counted = 0;
  #bytes = 0;

  /** Begins with a server that was never late; times are in milliseconds. */
  constructor({ attempts, stallTime }: { readonly attempts: number; readonly stallTime: number }) {
    this.#prompt = stallTime * PROMPT;
    this.#most = attempts * stallTime;
  }

  /**
   * Notes that something of `bytes` by now, `fresh` of them since the last note of it, was asked
   * for at `begun`, in milliseconds of `performance.now()`.
   */
  note(begun: number, bytes: number, fresh: number = bytes): void {
    const now = performance.now();
    this.earn(fresh);
    const due = begun + this.#prompt + bytes * EARNED_TIME;
    if (now <= due) return;
    this.#late += Math.max(0, now - Math.max(due, this.#counted));
    this.#counted = now;
  }

  /** Notes bytes of something that may take as long as it likes. */
  earn(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Says that it is too much, as a clause, when it is. */
  tooMuch(): string | undefined {
    if (this.#late <= this.#most + this.#bytes * EARNED_TIME) return undefined;
    return `all that it sends is late, by ${Math.ceil(this.#late / 1000)} s so far`;
  }
}
