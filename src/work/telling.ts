/**
 * How far a task is, told now and then: whoever listens draws and takes notes, which for each chunk
 * would take a tenth of the time that the chunk takes.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import type { TaskControl } from "./task.ts";

/** Milliseconds between two looks at how far a task is. */
const PROGRESS_INTERVAL = 100;

/** Who is told of a task, and stops it. */
export interface TellOptions extends Pick<OperationOptions, "signal"> {
  /** Told now and then, and at the end, how many bytes are finished. */
  readonly onBytes?: (bytes: number) => void;
}

/** A task that is looked at. */
interface LookedAt {
  /** Bytes that are finished. */
  readonly bytes: () => number;
  /** Stops the task, since whoever is told of it fails. */
  readonly stop: () => void;
}

/** Waits for a task, telling how far it is. */
export async function telling<Result>(
  { onBytes }: TellOptions,
  { bytes, stop }: LookedAt,
  task: () => Promise<Result>,
): Promise<Result> {
  if (onBytes === undefined) return await task();
  const failures: unknown[] = [];
  const tell = () => {
    try {
      onBytes(bytes());
    } catch (error) {
      // Thrown by a timer it would end the program.
      failures.push(error);
      stop();
    }
  };
  const timer = setInterval(tell, PROGRESS_INTERVAL);
  const [outcome] = await Promise.allSettled([task()]);
  clearInterval(timer);
  tell();
  if (failures.length > 0) throw failures[0];
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}

/** Runs a task in this thread. */
export async function runHere<Result>(
  options: TellOptions,
  task: (control: TaskControl) => Promise<Result>,
): Promise<Result> {
  const { signal } = options;
  let bytes = 0;
  const failed = new AbortController();
  return await telling(options, { bytes: () => bytes, stop: () => failed.abort() }, () =>
    task({
      throwIfStopped() {
        signal?.throwIfAborted();
        failed.signal.throwIfAborted();
      },
      advance: (count) => bytes += count,
    }));
}
