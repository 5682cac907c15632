/**
 * What every asynchronous operation takes as its last parameter.
 * @module
 */

/** Items worked on at once when nobody says otherwise. */
export const DEFAULT_CONCURRENCY = 5;

/** A stage of work on one item; a terminal shows each with its own verb. */
export type ProgressPhase = "hash" | "pack" | "upload" | "download" | "copy" | "extract";

/**
 * What a stage goes through, told before its first byte moves. A command with two sources tells it
 * of each, and the sums count.
 */
export interface ProgressPlan {
  /** Tells a plan from a step. */
  readonly state: "plan";
  /** Which stage it is. */
  readonly phase: ProgressPhase;
  /**
   * Files in all, those included that turn out to be there already; manifests and configurations
   * are none.
   */
  readonly files: number;
  /** Bytes in all, those of documents included. */
  readonly size: number;
}

/** A step of progress on one item (a layer, a file, a blob). */
export interface ItemProgress {
  /** Identity of the item within the operation: the same for all its events. */
  readonly id: string;
  /** Which stage the item is in. */
  readonly phase: ProgressPhase;
  /** What a person calls the item: a path, else a short digest. */
  readonly name: string;
  /** Whether it is a manifest or a configuration, which nobody counts as a file. */
  readonly document?: true;
  /**
   * `start` and `advance` while running; one of the others ends the stage. `skip` is an item that
   * was there already.
   */
  readonly state: "start" | "advance" | "done" | "skip" | "fail";
  /** Bytes finished so far, those that were there before included. */
  readonly bytes: number;
  /**
   * Bytes of these that did not move now: an earlier run has left them. With `fail`, what the next
   * run finds. None when absent.
   */
  readonly kept?: number;
  /** Bytes in all. */
  readonly size: number;
}

/** What progress tells: what is to be done, and each step of it. */
export type ProgressEvent = ProgressPlan | ItemProgress;

/** How much a log record matters. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** Receives log records; `properties` are facts for structured logs and hold no secrets. */
export type Log = (
  level: LogLevel,
  message: string,
  properties?: Readonly<Record<string, unknown>>,
) => void;

/** Cancellation, progress and log, handed through every layer unchanged. */
export interface OperationOptions {
  /** Stops the operation; its reason is what the operation throws. */
  readonly signal?: AbortSignal;
  /** Called with each step of progress. It must not throw. */
  readonly progress?: (event: ProgressEvent) => void;
  /** Called with each log record. It must not throw. */
  readonly log?: Log;
}

/** The three common options of `options`, without what a particular operation adds to them. */
export function operationOptions(options: OperationOptions): OperationOptions {
  return { signal: options.signal, progress: options.progress, log: options.log };
}
