/**
 * Long work of this thread, piece by piece: between two pieces others have their turn.
 *
 * Parsing a document of megabytes stops everything else for as long as it takes. Several that come
 * together are done one after the other, the smallest first, and where requests are answered with a
 * rest as long as the work before it. So who asks for little never waits for more than one of them.
 * @module
 */
import { wait } from "../core/runtime/timers.ts";
import { isThreadShared } from "../core/runtime/turn.ts";

/** Work of up to so many bytes is done at once: it takes less than a millisecond. */
const SMALL = 16 * 1024;

/** Whoever waits, and what it is about to go through. */
interface Waiting {
  readonly size: number;
  readonly start: () => void;
}

let isBusy = false;
let restedAt = 0;
const waiting: Waiting[] = [];

/** Does work that goes through `size` bytes of a document, when it is its turn. */
export async function inTurn<Result>(
  size: number,
  work: () => Promise<Result> | Result,
): Promise<Result> {
  if (size <= SMALL) return await work();
  if (isBusy) await new Promise<void>((start) => waiting.push({ size, start }));
  else isBusy = true;
  try {
    const rest = restedAt - performance.now();
    if (rest > 0 && isThreadShared()) await wait(rest);
    const begun = performance.now();
    try {
      return await work();
    } finally {
      const now = performance.now();
      restedAt = now + (now - begun);
    }
  } finally {
    const next = takeSmallest();
    isBusy = next !== undefined;
    next?.start();
  }
}

function takeSmallest(): Waiting | undefined {
  let smallest = 0;
  for (const [index, { size }] of waiting.entries()) {
    if (size < waiting[smallest]!.size) smallest = index;
  }
  return waiting.splice(smallest, 1)[0];
}
