/**
 * What a run knows of its process: handed in, so that a test can run the program within its own.
 * @module
 */
import type { Transport } from "../http/transport_options.ts";
import type { Environment } from "../library/environment.ts";

/** A place that text is written to. */
export interface TextSink {
  /** Writes text as it is. */
  write(text: string): void;
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Width of the terminal in characters at this moment; `undefined` when nobody knows. */
  columns(): number | undefined;
}

/** Where text and answers come from. */
export interface TextInput {
  /** Whether a person types it. */
  readonly isTerminal: boolean;
  /** Everything up to the end, as text; the signal ends the waiting. */
  readAll(signal: AbortSignal): Promise<string>;
}

/** Asks a person at the terminal. */
export interface Prompts {
  /** Asks for a line of text. */
  text(question: string, signal: AbortSignal): Promise<string>;
  /** Asks for a line of text that is not shown. */
  secret(question: string, signal: AbortSignal): Promise<string>;
}

/** What is done around the time for which a process is stopped. */
export interface Suspension {
  before(): void;
  after(): void;
}

/** The process of a run. */
export interface CliContext {
  /** The name the program was called by: `modelops`, `modctl`, `modelops-bundles`. */
  readonly programName: string;
  /** The system the program runs on: `linux/amd64`. */
  readonly platform: string;
  readonly env: Environment;
  /** The working directory. */
  readonly cwd: string;
  /** The user's folder; absent for a user that has none. */
  readonly home?: string;
  readonly stdin: TextInput;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly prompts: Prompts;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Has something done before the person stops the process for a while (Ctrl-Z), and after it goes
   * on; until what it gives is disposed.
   */
  readonly aroundSuspension?: (doing: Suspension) => Disposable;
  /**
   * Rejects with the first error that reaches nobody: an event of the runtime, or work that nobody
   * waits for. It ends the run like an error of the command.
   */
  readonly fault?: Promise<never>;
  /** The time now. */
  now(): Date;
  /** Sends all requests, in place of the network; for tests. */
  readonly transport?: Transport;
}
