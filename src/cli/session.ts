/**
 * A run of the program: its settings and what every command does in the same way.
 * @module
 */
import type { Bundles } from "../bundle/operations.ts";
import type { Log, OperationOptions } from "../core/operation.ts";
import type { ModelBackend } from "../model/operations.ts";
import type { Accounts, CliContext } from "./context.ts";
import { isDebug, openLog } from "./output/log.ts";
import { Output } from "./output/writer.ts";
import { openProgress } from "./output/progress.ts";
import { type GlobalFlags, resolveSettings, type Settings } from "./settings/global.ts";

/** What a command works with. */
export class Session {
  /** The world of the run. */
  readonly context: CliContext;
  /** The settings of the run. */
  readonly settings: Settings;
  /** Where results and remarks go. */
  readonly output: Output;
  readonly #fileLog: Log;
  /** Warnings that wait until the bars are gone from the screen. */
  #held: string[] | undefined;

  /**
   * Opens a session.
   * @throws {InvalidInputError} when a setting cannot be used.
   */
  constructor(context: CliContext, flags: GlobalFlags) {
    this.context = context;
    this.settings = resolveSettings(flags, context);
    this.output = new Output(context, this.settings.json);
    this.#fileLog = openLog(this.settings, {
      now: () => context.now(),
      stderr: context.stderr,
      warn: (message) => this.#warn(message),
    });
  }

  /** Takes log records. Warnings are shown as well: most of them are about what was asked for. */
  readonly log: Log = (level, message, properties) => {
    this.#fileLog(level, message, properties);
    if (level === "warning" && !isDebug(this.settings.logLevel)) this.#warn(message);
  };

  #warn(message: string): void {
    if (this.#held === undefined) this.output.warn(message);
    else this.#held.push(message);
  }

  /** The model operations over the local store. */
  backend(): Promise<ModelBackend> {
    return this.context.services.openBackend(this.settings, this.quiet());
  }

  /** The operations on bundles. */
  bundles(): Promise<Bundles> {
    const { env, home, services } = this.context;
    return services.openBundles(this.settings, { ...this.quiet(), env, home });
  }

  /** The logins of registries. */
  accounts(): Promise<Accounts> {
    return this.context.services.openAccounts(this.settings, this.quiet());
  }

  /**
   * Runs an operation with its progress on display; the display is gone when this returns.
   * @param options `silent` shows no progress, whatever the settings say.
   */
  async operation<Result>(
    work: (options: OperationOptions) => Promise<Result>,
    options: { readonly silent?: boolean } = {},
  ): Promise<Result> {
    using _warnings = this.#holdWarnings();
    const style = options.silent ? "none" : this.settings.progress;
    await using progress = await openProgress(style, this.context);
    return await work({ ...this.quiet(), progress: progress.report });
  }

  #holdWarnings(): Disposable {
    if (this.settings.progress === "bars") this.#held = [];
    return {
      [Symbol.dispose]: () => {
        const held = this.#held ?? [];
        this.#held = undefined;
        for (const message of held) this.#warn(message);
      },
    };
  }

  /** The options of an operation that shows no progress. */
  quiet(): OperationOptions {
    return { signal: this.context.signal, log: this.log };
  }
}
