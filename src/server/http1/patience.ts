/**
 * How long a connection may be silent, and how slow it may be.
 *
 * A client that sends or reads nothing costs a file descriptor and perhaps an upload, so each kind
 * of waiting has a limit. Nobody sets a timer for each read: the server looks at all connections
 * once a second.
 * @module
 */

/** The limits, in milliseconds where nothing else is said. */
export interface PatienceLimits {
  /** For the first byte of a request: how long a connection may lie idle. */
  readonly idle: number;
  /** From the first byte of a head to its last. */
  readonly head: number;
  /** Between two bytes of a body or of an answer. */
  readonly silence: number;
  /** For a whole exchange, on top of what its bytes may take at the slowest rate. */
  readonly grace: number;
  /** The slowest rate of an exchange, in bytes a second, which bounds its time as a whole. */
  readonly slowest: number;
}

/** What the server of the program allows. */
export const DEFAULT_PATIENCE: PatienceLimits = {
  idle: 60_000,
  head: 15_000,
  silence: 30_000,
  grace: 60_000,
  slowest: 1024,
};

/** The patience with one connection. */
export class Patience {
  readonly #limits: PatienceLimits;
  /** When it ends, in milliseconds of `performance.now()`; never while the server works. */
  #until = Infinity;
  /** What the exchange has moved, and how long that took of the client's time. */
  #bytes = 0;
  #waited = 0;

  /** Makes the patience with a connection that has just come. */
  constructor(limits: PatienceLimits) {
    this.#limits = limits;
    this.idle();
  }

  /** Whether the client has had its time. */
  isOver(now: number): boolean {
    return now > this.#until;
  }

  /** A request may come. */
  idle(): void {
    this.#until = performance.now() + this.#limits.idle;
  }

  /** The first byte of a request is here. */
  head(): void {
    this.#bytes = 0;
    this.#waited = 0;
    this.#until = performance.now() + this.#limits.head;
  }

  /** The server works: it is not the client's turn. */
  rest(): void {
    this.#until = Infinity;
  }

  /** Waits for the client to send or to take bytes, and returns how many those were. */
  async during(work: () => Promise<number>): Promise<number> {
    const { silence, grace, slowest } = this.#limits;
    const left = grace + this.#bytes / slowest * 1000 - this.#waited;
    const begun = performance.now();
    this.#until = begun + Math.min(silence, left);
    try {
      const bytes = await work();
      this.#bytes += bytes;
      return bytes;
    } finally {
      this.#waited += performance.now() - begun;
      this.rest();
    }
  }
}
