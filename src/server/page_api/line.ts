/**
 * Requests whose answers take long to make: a few at once, and no end of them waiting.
 * @module
 */
import { pLimit } from "../../deps/p-limit.ts";
import { RegistryFault } from "../fault.ts";

/** Requests that wait for others to be answered. */
const WAITING = 64;

/** Does work in the order of asking. */
export class Line {
  readonly #turns;

  /** Lets `atOnce` works go on at once. */
  constructor(atOnce: number) {
    this.#turns = pLimit(atOnce);
  }

  /** @throws {RegistryFault} of status 503 when too many wait. */
  async wait<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#turns.pendingCount < WAITING) return await this.#turns(work);
    throw new RegistryFault("TOOMANYREQUESTS", { status: 503, headers: { "retry-after": "1" } });
  }
}
