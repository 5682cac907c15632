/**
 * Runs tasks on other cores, where that pays: a worker takes tens of milliseconds to start, which
 * is what hashing 50 MiB takes.
 *
 * Workers are started when a task needs one, at most one a core, and are ended when there is no
 * task left and nobody holds them for more: nothing outlives the operation. A worker takes several
 * tasks at once, since those that wait for the network leave it free. Where workers cannot start,
 * tasks run in place; and so do those of a thread that takes part, which is the first of its
 * workers then.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import { onAbort } from "../core/waiting/on_abort.ts";
import { CONTROL, type TaskControl, WORTH_A_WORKER } from "./task.ts";
import { type TaskInput, type TaskName, type TaskResult, TASKS } from "./tasks.ts";
import type { TaskAnswer, TaskMessage } from "./worker.ts";
import { errorOf } from "./plain_error.ts";
import { runHere, telling, type TellOptions } from "./telling.ts";
import { takesPart, taskHere, tasksHere } from "./this_thread.ts";

/** Cores of this machine, as far as this program may use them. */
export const CORES = navigator.hardwareConcurrency;

/** How to run a task on another core. */
export interface RunElsewhereOptions extends TellOptions {
  /** What of the input moves to the worker instead of being copied. */
  readonly transfer?: readonly Transferable[];
}

/** How to run a task. */
export interface RunTaskOptions extends RunElsewhereOptions, Pick<OperationOptions, "log"> {
  /**
   * Bytes that the task goes through: what decides whether a worker is worth it. `Infinity` is
   * always worth one.
   */
  readonly size: number;
}

/** Workers that are kept between tasks, until this is disposed of. */
export interface HeldWorkers extends Disposable {
  /** Starts those that tasks of these sizes, in bytes, will need, while they are prepared. */
  expect(sizes: readonly number[]): void;
}

/** Keeps the workers of an operation. */
export function holdWorkers(): HeldWorkers {
  return pool.hold();
}

/** How many workers run now, for tests. */
export function countWorkers(): { readonly running: number; readonly started: number } {
  return pool.count;
}

/** Whether a task over so many bytes is worth another core. */
export function runsElsewhere(size: number): boolean {
  return size >= WORTH_A_WORKER && pool.available;
}

/** Whether the next large task is for this thread, and not for a worker. */
export function isForThisThread(): boolean {
  return takesPart() && !pool.hasWorkerFor(tasksHere());
}

/**
 * Runs a task and gives its result: on another core when it is large, else in place.
 * @throws what the task throws; the reason of the signal when the operation is stopped.
 */
export async function runTask<Name extends TaskName>(
  name: Name,
  input: TaskInput<Name>,
  options: RunTaskOptions,
): Promise<TaskResult<Name>> {
  options.signal?.throwIfAborted();
  if (!runsElsewhere(options.size)) return await inPlace(name, input, options);
  if (isForThisThread()) {
    using _here = taskHere();
    return await inPlace(name, input, options);
  }
  try {
    return await runElsewhere(name, input, options);
  } catch (error) {
    if (!(error instanceof WorkerFailure)) throw error;
    options.log?.("debug", `Working in place, for lack of workers: ${error.message}`);
    return await inPlace(name, input, options);
  }
}

/**
 * Runs a task on another core.
 * @throws {WorkerFailure} when no worker can be started; what the task throws.
 */
export async function runElsewhere<Name extends TaskName>(
  name: Name,
  input: TaskInput<Name>,
  options: RunElsewhereOptions,
): Promise<TaskResult<Name>> {
  return await pool.run(name, input, options) as TaskResult<Name>;
}

async function inPlace<Name extends TaskName>(
  name: Name,
  input: TaskInput<Name>,
  options: RunTaskOptions,
): Promise<TaskResult<Name>> {
  const task = TASKS[name] as (
    input: TaskInput<Name>,
    control: TaskControl,
  ) => Promise<TaskResult<Name>>;
  return await runHere(options, (control) => task(input, control));
}

/** A worker could not be started, or ended by itself. */
export class WorkerFailure extends Error {}

/** The entry of a worker. */
function workerUrl(): URL {
  return new URL("./worker.ts", import.meta.url);
}

/** Whether this program may read the file of a worker; the runtime prints a refusal by itself. */
function mayStart(): boolean {
  const url = workerUrl();
  if (url.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: url }).state === "granted";
}

/** A worker and the tasks that it runs. */
class RunningWorker {
  readonly #worker = new Worker(workerUrl(), { type: "module" });
  readonly #tasks = new Map<number, PromiseWithResolvers<TaskAnswer>>();
  #lastId = 0;
  #failure: WorkerFailure | undefined;

  constructor() {
    this.#worker.onmessage = ({ data: { id, answer } }) => this.#tasks.get(id)?.resolve(answer);
    this.#worker.onerror = (event) => {
      // Else the runtime would print it and end the program.
      event.preventDefault();
      this.#fail(new WorkerFailure(event.message || "it could not be started"));
    };
  }

  /** Count of the tasks under way. */
  get load(): number {
    return this.#tasks.size;
  }

  /** Sends a task and waits for the answer. */
  async ask(
    task: Omit<TaskMessage, "id">,
    transfer: readonly Transferable[] = [],
  ): Promise<TaskAnswer> {
    // It may have failed before there was a task to tell.
    if (this.#failure) throw this.#failure;
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<TaskAnswer>();
    this.#tasks.set(id, answer);
    try {
      this.#worker.postMessage({ ...task, id }, [...transfer]);
      return await answer.promise;
    } finally {
      this.#tasks.delete(id);
    }
  }

  /** Ends the worker; what it still runs fails. */
  end(): void {
    this.#worker.terminate();
    this.#fail(new WorkerFailure("it was ended"));
  }

  #fail(failure: WorkerFailure): void {
    this.#failure ??= failure;
    for (const task of this.#tasks.values()) task.reject(failure);
  }
}

/** The workers of this process. */
class WorkerPool {
  /** Whether workers may be started, and none has failed yet; not known before it is asked. */
  #available: boolean | undefined;
  readonly #workers = new Set<RunningWorker>();
  #started = 0;
  #holders = 0;
  /** Count of the tasks that are announced. */
  #toCome = 0;

  get available(): boolean {
    return this.#available ??= mayStart();
  }

  get count(): { readonly running: number; readonly started: number } {
    return { running: this.#workers.size, started: this.#started };
  }

  /** Keeps workers. */
  hold(): HeldWorkers {
    this.#holders++;
    let expected = 0;
    let disposed = false;
    return {
      expect: (sizes) => {
        if (disposed) return;
        const more = sizes.filter(runsElsewhere).length;
        expected += more;
        this.#toCome += more;
        while (this.#workers.size < this.#toCome - coresHere() && !this.#isFull) this.#start();
      },
      [Symbol.dispose]: () => {
        disposed = true;
        this.#holders--;
        this.#toCome -= expected;
        this.#endIdle();
      },
    };
  }

  async run(
    name: TaskName,
    input: TaskInput<TaskName>,
    options: RunElsewhereOptions,
  ): Promise<unknown> {
    const worker = this.#leastLoaded();
    try {
      const answer = await ask(worker, { name, input }, options);
      if ("result" in answer) return answer.result;
      options.signal?.throwIfAborted();
      throw "error" in answer ? errorOf(answer.error) : new WorkerFailure("it stopped by itself");
    } catch (error) {
      if (error instanceof WorkerFailure) this.#lose(worker);
      throw error;
    } finally {
      this.#endIdle();
    }
  }

  /** Whether a worker is better off than who has so many tasks. */
  hasWorkerFor(tasks: number): boolean {
    if (tasks === 0) return false;
    return !this.#isFull || [...this.#workers].some(({ load }) => load <= tasks);
  }

  /** Whether there is no core for another worker; this thread has its own, where it takes part. */
  get #isFull(): boolean {
    return this.#workers.size >= Math.max(1, CORES - coresHere());
  }

  #leastLoaded(): RunningWorker {
    const [least] = [...this.#workers].sort((a, b) => a.load - b.load);
    if (least !== undefined && (least.load === 0 || this.#isFull)) return least;
    return this.#start();
  }

  #start(): RunningWorker {
    const worker = new RunningWorker();
    this.#workers.add(worker);
    this.#started++;
    return worker;
  }

  #lose(worker: RunningWorker): void {
    this.#available = false;
    this.#workers.delete(worker);
    worker.end();
  }

  /** Ends all workers when none works and nobody will have work for them. */
  #endIdle(): void {
    if (this.#holders > 0 || [...this.#workers].some(({ load }) => load > 0)) return;
    for (const worker of this.#workers) worker.end();
    this.#workers.clear();
  }
}

const pool = new WorkerPool();

/** Cores that this thread keeps busy by itself. */
function coresHere(): number {
  return takesPart() ? 1 : 0;
}

/** Has a worker run a task, telling how far it is meanwhile. */
async function ask(
  worker: RunningWorker,
  task: Omit<TaskMessage, "id" | "control">,
  { signal, onBytes, transfer }: RunElsewhereOptions,
): Promise<TaskAnswer> {
  const control = new SharedArrayBuffer(CONTROL.size);
  const words = new BigInt64Array(control);
  const bytes = () => Number(Atomics.load(words, CONTROL.bytes));
  const stop = () => Atomics.store(words, CONTROL.stopped, 1n);
  using _stopping = onAbort(signal, stop);
  const asked = () => worker.ask({ ...task, control }, transfer);
  return await telling({ onBytes }, { bytes, stop }, asked);
}
