/**
 * Finds the ranges of a transfer that are much slower than the rest of it: a connection that hangs,
 * or a path that is congested. Another connection is likely to be faster.
 * @module
 */

/** Milliseconds over which a range is looked at. */
const WINDOW = 10_000;

/** A range counts as slow below this part of what the others brought in the same time. */
const SLOW = 1 / 8;

/** How often one range is asked for again; after that it is taken as it comes. */
const MOST_REPLACEMENTS = 3;

/** Why a request was stopped: the range is asked for again, from where it stopped. */
class SlowRange extends Error {}

/** Watches the ranges that are under way. Whoever receives them tells how far each is. */
export class SlowRanges {
  readonly #now: () => number;
  readonly #begun: number;
  readonly #underWay = new Set<WatchedRange>();
  /** Bytes of all ranges so far. */
  #bytes = 0;

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#begun = now();
  }

  /** Begins to watch a range. */
  start(): WatchedRange {
    const range = new WatchedRange(this.#now(), (count) => this.#advance(count));
    this.#underWay.add(range);
    return range;
  }

  /** Ends it. */
  end(range: WatchedRange): void {
    this.#underWay.delete(range);
  }

  #advance(count: number): void {
    this.#bytes += count;
    const now = this.#now();
    // What one stream has brought on the average: there may be no other to compare with any more.
    const perStream = this.#bytes / (now - this.#begun) / Math.max(1, this.#underWay.size);
    for (const range of this.#underWay) range.look(now, perStream * SLOW);
  }
}

/** One range that is under way, over all of its requests. */
class WatchedRange {
  readonly #advance: (count: number) => void;
  #windowStart: number;
  #windowBytes = 0;
  #stop = new AbortController();
  #replacements = 0;

  /** `advance` is told of bytes. */
  constructor(now: number, advance: (count: number) => void) {
    this.#windowStart = now;
    this.#advance = advance;
  }

  /** Aborted with a {@linkcode SlowRange} when the request is to be replaced. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Whether the request was stopped to be replaced; gives the next one a signal of its own. */
  replaced(): boolean {
    if (!this.#stop.signal.aborted) return false;
    this.#stop = new AbortController();
    return true;
  }

  /** Counts bytes that came; none is a call as well, since time has passed. */
  came(count: number): void {
    this.#windowBytes += count;
    this.#advance(count);
  }

  /** Stops the request when it brought less than `least` bytes a millisecond for a whole window. */
  look(now: number, least: number): void {
    if (now - this.#windowStart < WINDOW) return;
    const rate = this.#windowBytes / (now - this.#windowStart);
    this.#windowStart = now;
    this.#windowBytes = 0;
    if (rate >= least || this.#replacements >= MOST_REPLACEMENTS) return;
    this.#replacements++;
    this.#stop.abort(new SlowRange("much slower than the others"));
  }
}
