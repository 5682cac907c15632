/**
 * The tasks by name, as a worker looks them up.
 * @module
 */
import { exchange } from "./exchange.ts";
import { hashFile } from "./hash_file.ts";

/** Every task that can run on another core. */
export const TASKS = { exchange, hashFile } as const;

/** The name of a task. */
export type TaskName = keyof typeof TASKS;

/** What a task takes. */
export type TaskInput<Name extends TaskName> = Parameters<(typeof TASKS)[Name]>[0];

/** What a task gives back. */
export type TaskResult<Name extends TaskName> = Awaited<ReturnType<(typeof TASKS)[Name]>>;
