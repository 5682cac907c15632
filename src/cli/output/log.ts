/**
 * The log file: one line a record, in the form `time="…" level=info msg="…" key=value`.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { fileFault } from "../../core/file_errors.ts";
import type { Log, LogLevel } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import type { TextSink } from "../context.ts";
import { escapeJsonControls } from "./format.ts";

const SEVERITY: Readonly<Record<LogLevel, number>> = { error: 0, warning: 1, info: 2, debug: 3 };

/** The least severe records of each log level. */
const THRESHOLD = {
  panic: -1,
  fatal: -1,
  error: 0,
  warn: 1,
  warning: 1,
  info: 2,
  debug: 3,
  trace: 3,
} as const;

/** The name of a log level. */
export type LogLevelName = keyof typeof THRESHOLD;

/** Names of log levels, from the most to the least severe; scripts use all of them. */
export const LOG_LEVELS = Object.keys(THRESHOLD) as readonly LogLevelName[];

/** Where a log goes, and how much of it. */
export interface LogSettings {
  /** Folder of the log file. */
  readonly logDir: string;
  readonly logLevel: LogLevelName;
}

/** What {@linkcode openLog} needs besides the settings. */
export interface LogContext {
  /** The time now. */
  now(): Date;
  /** Receives the records as well when the level is `debug` or chattier. */
  readonly stderr: TextSink;
  /** Told once when the log file cannot be written. */
  warn(message: string): void;
}

/** Whether records go to standard error as well. */
export function isDebug(level: LogLevelName): boolean {
  return THRESHOLD[level] >= SEVERITY.debug;
}

/**
 * Makes the log of a run. The folder and the file `modctl.log` are made with the first record, and
 * the file is only ever appended to. A log that cannot be written is a warning, never a failure.
 */
export function openLog(settings: LogSettings, context: LogContext): Log {
  const threshold = THRESHOLD[settings.logLevel];
  const append = fileAppender(settings.logDir, context.warn);
  return (level, message, properties = {}) => {
    if (SEVERITY[level] > threshold) return;
    const line = formatRecord(context.now(), level, message, properties);
    append(line);
    if (isDebug(settings.logLevel)) context.stderr.write(line);
  };
}

/** Appends lines to the log file until that fails once. */
function fileAppender(folder: string, warn: (message: string) => void): (line: string) => void {
  const path = join(folder, "modctl.log");
  let state: "new" | "open" | "failed" = "new";
  return (line) => {
    if (state === "failed") return;
    try {
      if (state === "new") Deno.mkdirSync(folder, { recursive: true });
      state = "open";
      Deno.writeTextFileSync(path, line, { append: true });
    } catch (error) {
      state = "failed";
      const reason = fileFault("write", error) ?? (error as Error).message;
      warn(`Cannot write the log ${quote(path)}: ${reason}`);
    }
  };
}

/** How records look that a server writes to standard error. */
export type LogFormat = "text" | "json";

/** Makes the log of a server: each record goes to standard error as one line. */
export function openServerLog(
  { logLevel }: Pick<LogSettings, "logLevel">,
  { now, stderr }: Pick<LogContext, "now" | "stderr">,
  format: LogFormat,
): Log {
  const formatLine = format === "json" ? formatJsonRecord : formatRecord;
  return (level, message, properties = {}) => {
    if (SEVERITY[level] > THRESHOLD[logLevel]) return;
    stderr.write(formatLine(now(), level, message, properties));
  };
}

/** A record as a line of JSON, control characters escaped. */
export function formatJsonRecord(
  time: Date,
  level: LogLevel,
  message: string,
  properties: Readonly<Record<string, unknown>>,
): string {
  const record = { time: time.toISOString(), level, msg: message, ...properties };
  const plain = (_key: string, value: unknown) => value instanceof Error ? value.message : value;
  return `${escapeJsonControls(JSON.stringify(record, plain))}\n`;
}

/** A record as a line of text, control characters escaped. */
export function formatRecord(
  time: Date,
  level: LogLevel,
  message: string,
  properties: Readonly<Record<string, unknown>>,
): string {
  const fields = Object.entries({ msg: message, ...properties })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${formatValue(value)}`);
  return `time="${time.toISOString()}" level=${level} ${fields.join(" ")}\n`;
}

function formatValue(value: unknown): string {
  const text = typeof value === "string"
    ? value
    : value instanceof Error
    ? value.message
    : JSON.stringify(value) ?? String(value);
  return /^[\w./:@+-]+$/.test(text) ? text : escapeJsonControls(JSON.stringify(text));
}
