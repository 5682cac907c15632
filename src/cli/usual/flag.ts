/**
 * A flag of a command, as far as usual command lines use flags.
 * @module
 */

/** Turns the text after a flag into its value; the value so far comes second. */
export type ReadValue = (text: string, previous: never) => unknown;

/** `-t, --target <reference>`, `--json` or `--no-progress`; it is described as commander's are. */
export class UsualFlag {
  /** The flag with two hyphens. */
  readonly long: string;
  /** The flag with one. */
  readonly short: string | undefined;
  readonly takesValue: boolean;
  /** Whether the flag switches something off. */
  readonly negates: boolean;
  /** The name of its value. */
  readonly attribute: string;
  /** Whether there is no usual line without it. */
  isRequired = false;
  initial: unknown;
  #read: ReadValue | undefined;
  #choices: readonly string[] | undefined;

  /**
   * Reads what is written of a flag in its command.
   * @throws {Error} when usual lines have no such flags.
   */
  constructor(usage: string) {
    const [, short, long, value] = /^(?:(-\w), )?(--[a-z][a-z-]*)( <[^>.]+>)?$/.exec(usage) ?? [];
    if (long === undefined) throw new Error(`${usage} is no usual flag`);
    this.long = long;
    this.short = short;
    this.takesValue = value !== undefined;
    this.negates = long.startsWith("--no-");
    const name = long.slice(this.negates ? "--no-".length : "--".length);
    this.attribute = name.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  }

  /** Takes these words only. */
  choices(words: readonly string[]): this {
    this.#choices = words;
    return this;
  }

  /** Has a value where it is not given. */
  default(value: unknown): this {
    this.initial = value;
    return this;
  }

  /** Reads its value by a function. */
  argParser(read: ReadValue): this {
    this.#read = read;
    return this;
  }

  /** Only help would show it. */
  hideHelp(): this {
    return this;
  }

  /**
   * The value that a text stands for.
   * @throws {Error} when it stands for none.
   */
  readValue(text: string, previous: unknown): unknown {
    if (this.#choices?.includes(text) === false) throw new Error(`${text} is no choice`);
    return this.#read === undefined ? text : this.#read(text, previous as never);
  }
}
