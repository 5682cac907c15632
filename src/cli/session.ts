/**
 * A run of the program: its settings and what every command does in the same way.
 * @module
 */
import type { Log, OperationOptions } from "../core/operation.ts";
import type { ModelBackend } from "../model/operations.ts";
import type { CliContext } from "./context.ts";
import { openLog } from "./log.ts";
import { Output } from "./output.ts";
import { openProgress } from "./progress.ts";
import { type GlobalFlags, resolveSettings, type Settings } from "./settings.ts";

/** What a command works with. */
export class Session {
  /** The world of the run. */
  readonly context: CliContext;
  /** The settings of the run. */
  readonly settings: Settings;
  /** Where results and remarks go. */
  readonly output: Output;
  /** Takes log records. */
  readonly log: Log;

  /**
   * Opens a session.
   * @throws {InvalidInputError} when a setting cannot be used.
   */
  constructor(context: CliContext, flags: GlobalFlags) {
    this.context = context;
    this.settings = resolveSettings(flags, context);
    this.output = new Output(context, this.settings.json);
    this.log = openLog(this.settings, {
      now: () => context.now(),
      stderr: context.stderr,
      warn: (message) => this.output.warn(message),
    });
  }

  /** The model operations over the local store. */
  backend(): Promise<ModelBackend> {
    return this.context.services.openBackend(this.settings);
  }

  /** Runs an operation with its progress on display; the display is gone when this returns. */
  async operation<Result>(work: (options: OperationOptions) => Promise<Result>): Promise<Result> {
    await using progress = await openProgress(this.settings.progress, this.context);
    return await work({ ...this.quiet(), progress: progress.report });
  }

  /** The options of an operation that shows no progress. */
  quiet(): OperationOptions {
    return { signal: this.context.signal, log: this.log };
  }
}
