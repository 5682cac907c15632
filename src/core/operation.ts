/**
 * What every asynchronous operation takes as its last parameter.
 * @module
 */

/** A stage of work on one item; a terminal shows each with its own verb. */
export type ProgressPhase = "hash" | "pack" | "upload" | "download" | "copy" | "extract";

/** A step of progress on one item (a layer, a file, a blob). */
export interface ProgressEvent {
  /** Identity of the item within the operation: the same for all its events. */
  readonly id: string;
  /** Which stage the item is in. */
  readonly phase: ProgressPhase;
  /** What a person calls the item: a path, else a short digest. */
  readonly name: string;
  /** `start` and `advance` while running; one of the others ends the stage. */
  readonly state: "start" | "advance" | "done" | "skip" | "fail";
  /** Bytes finished so far. It may fall back when a part is sent again. */
  readonly bytes: number;
  /** Bytes in all. */
  readonly size: number;
}

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
