/**
 * Work for requests that bring something: a little of it is under way at once, and between two
 * pieces others have their turn. Hundreds that come together would else keep those waiting for a
 * second who only ask.
 * @module
 */
import { giveWay } from "../core/runtime/turn.ts";
import { pLimit } from "../deps/p-limit.ts";

/** Pieces that are under way at once: what they wait for is the disk. */
const steps = pLimit(8);

/** Does a short piece of work in its turn: one that waits neither for clients nor for locks. */
export async function inStep<Result>(work: () => Promise<Result>): Promise<Result> {
  return await steps(async () => {
    await giveWay();
    return await work();
  });
}
