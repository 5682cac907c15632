/**
 * Turns of the one thread that all share.
 * @module
 */
import { soon } from "./timers.ts";

/**
 * Milliseconds of work after which others have a turn: soon where somebody waits for an answer, and
 * otherwise as soon as a person notices who wants to see how far it is, or to stop it. A turn takes
 * a millisecond at least, and a manifest of 2,000 layers had more of them than of work.
 */
const LENGTH = { shared: 4, alone: 50 };

let isShared = false;

/** Says that requests are answered in this thread, from now on. */
export function shareThread(): void {
  isShared = true;
}

/** Whether others wait for answers of this thread. */
export function isThreadShared(): boolean {
  return isShared;
}

/** A time in which the thread works. */
class Turn {
  readonly #begun = performance.now();
  #end: Promise<void> | undefined;

  constructor() {
    // A thread that comes to this at once has nothing else to do.
    soon().then(() => this.isOver || endTurn(this));
  }

  /** Whether the thread has worked for long. */
  get isOver(): boolean {
    return performance.now() - this.#begun > (isShared ? LENGTH.shared : LENGTH.alone);
  }

  /** Lets the thread lie idle for a moment, for all who wait together. */
  end(): Promise<void> {
    return this.#end ??= soon().then(() => endTurn(this));
  }
}

let turn: Turn | undefined;

function endTurn(ended: Turn): void {
  if (turn === ended) turn = undefined;
}

/**
 * Goes on at once, or after whatever else is ready now when the thread has worked for a while.
 *
 * Waiting for what is there already gives no turn away, and neither does a round of the event loop:
 * a runtime that always has something to do looks every sixty rounds for what has come over the
 * network. So the thread has to lie idle for a moment. Who comes first goes on first.
 */
export async function giveWay(): Promise<void> {
  while (turn?.isOver) await turn.end();
  turn ??= new Turn();
}
