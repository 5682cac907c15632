/**
 * The tasks by name, as a worker looks them up.
 * @module
 */
import type { comparePassword } from "./compare_password.ts";
import type { exchange } from "./exchange.ts";
import type { hashBehind } from "./hash_behind.ts";
import { hashFile } from "./hash_file.ts";
import type { renderMarkdown } from "./render_markdown.ts";

/** Every task that can run on another core; what few of them need is loaded when it is used. */
export const TASKS = {
  comparePassword: async (...input: [Parameters<typeof comparePassword>[0], unknown]) =>
    await (await import("./compare_password.ts")).comparePassword(input[0]),
  exchange: async (...input: Parameters<typeof exchange>) =>
    await (await import("./exchange.ts")).exchange(...input),
  hashBehind: async (...input: Parameters<typeof hashBehind>) =>
    await (await import("./hash_behind.ts")).hashBehind(...input),
  hashFile,
  renderMarkdown: async (...input: [Parameters<typeof renderMarkdown>[0], unknown]) =>
    await (await import("./render_markdown.ts")).renderMarkdown(input[0]),
} as const;

/** The name of a task. */
export type TaskName = keyof typeof TASKS;

/** What a task takes. */
export type TaskInput<Name extends TaskName> = Parameters<(typeof TASKS)[Name]>[0];

/** What a task gives back. */
export type TaskResult<Name extends TaskName> = Awaited<ReturnType<(typeof TASKS)[Name]>>;
