/**
 * The standard streams as the commands see them.
 * @module
 */

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
