/**
 * A look at much of the store whose result is trusted for a while, if it took long.
 *
 * Who asks for a long list page by page would else have all of it looked at for each page: whether
 * 50,000 folders are as they were takes half a second of the processor.
 * @module
 */

/** A look that takes less, in milliseconds, is taken each time. */
const SHORT_LOOK = 100;

/** Times what it took that a look is trusted, and the most of it in milliseconds. */
const TRUST = { times: 4, most: 2000 };

/** The results of a look. What other processes change may be seen so much later. */
export class TrustedLook<Found> {
  readonly #look: () => Promise<Found>;
  readonly #now: () => number;
  #last: { readonly found: Found; readonly until: number } | undefined;
  #changes = 0;

  /** Takes the look when it is asked for; `now` tells milliseconds. */
  constructor(look: () => Promise<Found>, now: () => number = () => performance.now()) {
    this.#look = look;
    this.#now = now;
  }

  /** What the look finds, or has found a moment ago. */
  async found(): Promise<Found> {
    const begun = this.#now();
    if (this.#last && begun < this.#last.until) return this.#last.found;
    const changes = this.#changes;
    const found = await this.#look();
    const ended = this.#now();
    const took = ended - begun;
    // What was changed meanwhile may have been overlooked.
    const isTrusted = took >= SHORT_LOOK && changes === this.#changes;
    const until = ended + Math.min(TRUST.times * took, TRUST.most);
    this.#last = isTrusted ? { found, until } : undefined;
    return found;
  }

  /** To be told of what this process changes: it has to be seen at once. */
  changed(): void {
    this.#changes++;
    this.#last = undefined;
  }
}
