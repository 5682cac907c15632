/**
 * Memory that many share: each takes as much as it may need, and whoever finds too little waits.
 * @module
 */

/** A number of bytes of which parts are taken and given back. */
export class Room {
  readonly #size: number;
  #free: number;
  readonly #waiting: { readonly size: number; readonly enter: () => void }[] = [];

  /** Makes room for `size` bytes. */
  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Does work that may need so many bytes when there is room for them, in the order of asking. What
   * needs more than all has all of it.
   */
  async with<Result>(size: number, work: () => Promise<Result>): Promise<Result> {
    const taken = Math.min(size, this.#size);
    if (this.#waiting.length > 0 || taken > this.#free) {
      await new Promise<void>((enter) => this.#waiting.push({ size: taken, enter }));
    } else this.#free -= taken;
    try {
      return await work();
    } finally {
      this.#free += taken;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next; (next = this.#waiting[0]) && next.size <= this.#free;) {
      this.#waiting.shift();
      this.#free -= next.size;
      next.enter();
    }
  }
}
