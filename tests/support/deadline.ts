/** Work that has to end by itself. @module */
import assert from "node:assert/strict";

/** Milliseconds in which a flow ends, whatever befalls it; all tries and silences fit in. */
const DEADLINE = 60_000;

/**
 * Does work that has to end in time, whatever befalls it; its signal stops it when that is over.
 */
export async function withinDeadline<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new AbortController();
  const late = setTimeout(() => deadline.abort(new Error("It goes on for ever")), DEADLINE);
  try {
    const result = await work(deadline.signal);
    assert.ok(!deadline.signal.aborted, "It goes on for ever");
    return result;
  } finally {
    clearTimeout(late);
  }
}
