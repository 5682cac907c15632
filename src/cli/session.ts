/**
 * A run of the program: its settings and what every command does in the same way.
 * @module
 */
import { resolve } from "../core/runtime/path.ts";
import type { Log, OperationOptions } from "../core/operation.ts";
import type { Retry } from "../core/retry.ts";
import type { OpenedBundles } from "../library/bundles.ts";
import type { Logins } from "../library/logins.ts";
import type { Models, ModelSettings } from "../library/models.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import { takePart } from "../work/this_thread.ts";
import type { CliContext } from "./context.ts";
import { isDebug, type LogFormat, openLog, openServerLog } from "./output/log.ts";
import { type Paint, paintFor } from "./output/paint.ts";
import { Output } from "./output/writer.ts";
import type { ProgressDisplay } from "./output/progress/progress.ts";
import { showRetry } from "./output/progress/retry_words.ts";
import { type GlobalFlags, resolveSettings, type Settings } from "./settings/global.ts";

/** The flags of commands on bundles that decide what is reached, and how. */
export interface BundleFlags extends ConnectOptions {
  /** The folder of external files. */
  readonly objectStore?: string;
}

/** What a command works with; disposing it closes all connections. */
export class Session implements AsyncDisposable {
  readonly context: CliContext;
  readonly settings: Settings;
  readonly output: Output;
  /** Colours what goes to standard output. */
  readonly paint: Paint;
  readonly #fileLog: Log;
  /** What was opened, to be closed with the session. */
  readonly #opened = new AsyncDisposableStack();
  /** Warnings that wait until the bars are gone from the screen. */
  #waiting: string[] | undefined;
  /** Progress of the operation that runs, or ran last. */
  #display: ProgressDisplay | undefined;
  /** Whether that operation runs. */
  #isRunning = false;

  /**
   * Opens a session.
   * @throws {InvalidInputError} when a setting cannot be used.
   */
  constructor(context: CliContext, flags: GlobalFlags) {
    this.context = context;
    const onRetry = (retry: Retry) => this.#retrying(retry);
    this.settings = { ...resolveSettings(flags, context), retry: { onRetry } };
    this.paint = paintFor(this.settings.color, context.stdout, context.env);
    const paint = paintFor(this.settings.color, context.stderr, context.env);
    this.output = new Output(context, this.settings.json, paint);
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
    if (this.#waiting === undefined) this.output.warn(message);
    else this.#waiting.push(message);
  }

  /** The log of a server, which goes to standard error as its operator expects it. */
  serverLog(format: LogFormat): Log {
    const { stderr, now } = this.context;
    return openServerLog(this.settings, { stderr, now }, format);
  }

  /** The operations on models; other settings than the run's may be given. */
  async models(settings: ModelSettings = this.settings): Promise<Models> {
    const { openModels } = await import("../library/models.ts");
    return this.#opened.use(await openModels(settings, this));
  }

  /**
   * The operations on bundles; flags win over what the environment says.
   * @throws {InvalidInputError} naming the variable whose value cannot be used.
   */
  async bundles(flags: BundleFlags = {}): Promise<OpenedBundles> {
    const [{ openBundles }, { bundleSettingsFromEnv }, { objectFolder }] = await Promise.all([
      import("../library/bundles.ts"),
      import("../library/bundle_settings.ts"),
      import("../objects/dispatch.ts"),
    ]);
    const { objectStore: folder, ...access } = flags;
    const settings = bundleSettingsFromEnv(this.context.env);
    const objectStore = folder === undefined
      ? settings.objectStore
      : resolve(this.context.cwd, objectFolder(folder));
    const bundles = { ...settings, objectStore };
    return this.#opened.use(await openBundles({ ...this.settings, bundles, access }, this));
  }

  /** The logins of registries. */
  async logins(): Promise<Logins> {
    const { openLogins } = await import("../library/logins.ts");
    return await openLogins(this.settings, this);
  }

  /**
   * Runs an operation with its progress on display; the display is gone when this returns.
   * @param options `silent` shows no progress, whatever the settings say.
   */
  async operation<Result>(
    work: (options: OperationOptions) => Promise<Result>,
    options: { readonly silent?: boolean } = {},
  ): Promise<Result> {
    using _warnings = this.#delayWarnings();
    using _work = takePart();
    const style = options.silent ? "none" : this.settings.progress;
    const { openProgress } = await import("./output/progress/progress.ts");
    await using progress = await openProgress(style, this.context);
    this.#display = progress;
    this.#isRunning = true;
    try {
      return await work({ ...this.quiet(), progress: (event) => progress.report(event) });
    } finally {
      this.#isRunning = false;
    }
  }

  /** Whoever waits is told why, whether or not what is waited for shows progress. */
  #retrying(retry: Retry): void {
    if (this.#isRunning) this.#display?.retrying(retry);
    else showRetry(this.settings.progress, this.context, retry);
  }

  /** How far the operation came that was stopped, where the same command goes on from there. */
  get interruptedAt(): string | undefined {
    return this.#display?.interruptedAt();
  }

  #delayWarnings(): Disposable {
    if (this.settings.progress === "bar") this.#waiting = [];
    return {
      [Symbol.dispose]: () => {
        const waiting = this.#waiting ?? [];
        this.#waiting = undefined;
        for (const message of waiting) this.#warn(message);
      },
    };
  }

  /** The options of an operation that shows no progress. */
  quiet(): OperationOptions {
    return { signal: this.context.signal, log: this.log };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
