/**
 * Progress of one object.
 * @module
 */
import type { OperationOptions, ProgressEvent } from "./operation.ts";

/** What moves. */
export type Moving = Pick<ProgressEvent, "id" | "name" | "size" | "phase">;

/** What moving an object gave, and whether nothing had to be moved. */
export interface Moved<Result> {
  readonly result: Result;
  readonly skipped: boolean;
}

/** Runs `work` between the events that say how it starts, goes on and ends. */
export async function reported<Result>(
  moving: Moving,
  options: OperationOptions,
  work: (onBytes: (bytes: number) => void) => Promise<Moved<Result>>,
): Promise<Result> {
  let moved = 0;
  const say = (state: ProgressEvent["state"], bytes: number) =>
    options.progress?.({ ...moving, state, bytes: moved = bytes });
  say("start", 0);
  try {
    const { result, skipped } = await work((bytes) => say("advance", bytes));
    say(skipped ? "skip" : "done", moving.size);
    return result;
  } catch (error) {
    say("fail", moved);
    throw error;
  }
}
