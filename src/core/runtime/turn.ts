/**
 * Turns of the one thread that all share.
 * @module
 */
import { soon } from "../time_limit.ts";

/** Milliseconds of work after which others have a turn. */
const LENGTH = 4;

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
    return performance.now() - this.#begun > LENGTH;
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
