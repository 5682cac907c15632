/**
 * The logins that a registry is shown, one after the other until one is good.
 * @module
 */
import type { Credentials } from "./credentials.ts";

/** Several logins, of which one is at hand. */
export class Logins {
  readonly #rest: AsyncIterator<Credentials>;
  #current: Promise<Credentials | undefined>;

  /** Begins with the first; the others are asked for when they are needed. */
  constructor(logins: AsyncIterable<Credentials>) {
    this.#rest = logins[Symbol.asyncIterator]();
    this.#current = this.#next();
    // Whoever asks for it is told why there is none.
    this.#current.catch(() => undefined);
  }

  /** The login at hand; `undefined` for nobody. */
  get current(): Promise<Credentials | undefined> {
    return this.#current;
  }

  /**
   * Goes on after `refused`, unless another request has done so already; `false` when no other is
   * left, and `refused` stays at hand.
   */
  async goOn(refused: Credentials | undefined): Promise<boolean> {
    const known = this.#current;
    if (await known !== refused) return true;
    if (this.#current === known) this.#current = this.#nextAfter(refused);
    return await this.#current !== refused;
  }

  async #nextAfter(refused: Credentials | undefined): Promise<Credentials | undefined> {
    for (;;) {
      const next = await this.#next();
      if (next === undefined) return refused;
      if (JSON.stringify(next) !== JSON.stringify(refused)) return next;
    }
  }

  async #next(): Promise<Credentials | undefined> {
    const { done, value } = await this.#rest.next();
    return done ? undefined : value;
  }
}
