/** A clock that goes on as a test says. @module */

/** A clock of this program, in milliseconds, that can be put on. */
export interface MovedClock extends Disposable {
  /** Lets time pass at once. */
  pass(milliseconds: number): void;
}

/** Takes the place of `performance.now()` until it is disposed of; timers know nothing of it. */
export function movedClock(): MovedClock {
  const own = performance.now.bind(performance);
  let moved = 0;
  performance.now = () => own() + moved;
  return {
    pass: (milliseconds) => moved += milliseconds,
    [Symbol.dispose]: () => void (performance.now = own),
  };
}
