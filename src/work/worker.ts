/**
 * The entry of a worker: runs the tasks that it is sent.
 * @module
 */
import { type PlainError, plainError } from "./plain_error.ts";
import { CONTROL, type TaskControl, TaskStopped } from "./task.ts";
import { type TaskInput, type TaskName, TASKS } from "./tasks.ts";

/** What a worker is sent. */
export interface TaskMessage {
  /** Names the task among those of this worker. */
  readonly id: number;
  readonly name: TaskName;
  readonly input: TaskInput<TaskName>;
  /** Shared memory as {@linkcode CONTROL} lays it out. */
  readonly control: SharedArrayBuffer;
}

/** What a worker answers. */
export type TaskAnswer =
  | { readonly result: unknown }
  | { readonly stopped: true }
  | { readonly error: PlainError };

/** The scope of a worker, as far as it is used here. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<TaskMessage>) => void;
  postMessage(message: { readonly id: number; readonly answer: TaskAnswer }): void;
};

scope.onmessage = async ({ data: { id, name, input, control } }) => {
  scope.postMessage({ id, answer: await answerOf(name, input, sharedControl(control)) });
};

async function answerOf(
  name: TaskName,
  input: TaskInput<TaskName>,
  control: TaskControl,
): Promise<TaskAnswer> {
  try {
    const task = TASKS[name] as (input: unknown, control: TaskControl) => Promise<unknown>;
    return { result: await task(input, control) };
  } catch (error) {
    if (error instanceof TaskStopped) return { stopped: true };
    return { error: plainError(error) };
  }
}

/** The control of a task whose starter is in another thread. */
function sharedControl(memory: SharedArrayBuffer): TaskControl {
  const words = new BigInt64Array(memory);
  return {
    throwIfStopped() {
      if (Atomics.load(words, CONTROL.stopped) !== 0n) throw new TaskStopped();
    },
    advance(bytes) {
      Atomics.add(words, CONTROL.bytes, BigInt(bytes));
    },
  };
}
