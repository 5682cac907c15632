/**
 * What a task is: a plain function of a value that can be sent to another core. It runs the same
 * way in place.
 * @module
 */

/** Tasks over fewer bytes run in place: handing them over would take as long as doing them. */
export const WORTH_A_WORKER = 4 * 1024 * 1024;

/** What a task may ask and tell while it runs. */
export interface TaskControl {
  /** Throws when the operation that wants the result was stopped. */
  throwIfStopped(): void;
  /** Tells how many more bytes are finished. */
  advance(bytes: number): void;
}

/** A task: its input and its result can be sent between threads (structured clone). */
export type Task<Input, Result> = (input: Input, control: TaskControl) => Promise<Result>;

/**
 * The words of shared memory through which a task and the thread that started it talk while the
 * task runs. Messages would wait until the task yields.
 */
export const CONTROL = {
  /** Index of the flag that stops the task. */
  stopped: 0,
  /** Index of the count of finished bytes. */
  bytes: 1,
  /** Size of the shared memory in bytes. */
  size: 2 * BigInt64Array.BYTES_PER_ELEMENT,
} as const;

/**
 * Lets the other work of a thread go on, for so many milliseconds at least; tasks that compute call
 * it every few megabytes.
 */
export function otherWork(time = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}

/**
 * Thrown inside a task that was stopped; the caller throws the reason of its own signal instead.
 */
export class TaskStopped extends Error {
  /** Makes the error. */
  constructor() {
    super("The task was stopped");
    this.name = "TaskStopped";
  }
}
