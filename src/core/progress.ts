/**
 * Progress of one item.
 * @module
 */
import type { OperationOptions, ProgressEvent } from "./operation.ts";

/** What progress is told of; its size may be known only at its end. */
export type ProgressItem =
  & Pick<ProgressEvent, "id" | "name" | "phase">
  & Partial<Pick<ProgressEvent, "size">>;

/** What work on an item gave, and whether there was nothing to do. */
export interface Outcome<Result> {
  readonly result: Result;
  readonly skipped?: boolean;
}

/**
 * Runs `work` between the events that say how it starts, goes on and ends. `work` calls `onBytes` with
 * the bytes that are finished in all.
 */
export async function reported<Result>(
  { size, ...item }: ProgressItem,
  options: OperationOptions,
  work: (onBytes: (bytes: number) => void) => Promise<Outcome<Result>>,
): Promise<Result> {
  let finished = 0;
  const report = (state: ProgressEvent["state"], bytes: number) => {
    finished = bytes;
    options.progress?.({ ...item, state, bytes, size: size ?? bytes });
  };
  report("start", 0);
  try {
    const { result, skipped } = await work((bytes) => report("advance", bytes));
    report(skipped ? "skip" : "done", size ?? finished);
    return result;
  } catch (error) {
    report("fail", finished);
    throw error;
  }
}
