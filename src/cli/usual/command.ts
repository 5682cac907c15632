/**
 * A command, as far as usual command lines use commands.
 * @module
 */
import { type ReadValue, UsualFlag } from "./flag.ts";

/** What an action is given: the arguments, then the values of the flags. */
type Action = (...given: unknown[]) => unknown;

/** Words that were read: values of flags by name, and what is no flag of the command. */
export interface ReadWords {
  readonly values: Readonly<Record<string, unknown>>;
  /** The flags that were there, with two hyphens. */
  readonly given: readonly string[];
  /** In the order of the line. */
  readonly rest: readonly string[];
}

/** A word that is a flag, alone or with its value. */
const FLAG = /^(?:-[A-Za-z]|(?:--[a-z][a-z-]*)(?:=(.+))?)$/s;

/**
 * Has those methods of commander's commands that the files of usual commands describe them with,
 * and reads usual lines as commander does.
 */
export class UsualCommand {
  readonly #flags: UsualFlag[] = [];
  readonly #initial: Record<string, unknown> = {};
  /** The arguments in their order: whether each has to be given. */
  readonly #arguments: boolean[] = [];
  #action: Action | undefined;

  /** Takes one more argument, which has to be given where its name is between `<` and `>`. */
  argument(usage: string): this {
    if (!/^(<[^.>]+>|\[[^.\]]+\])$/.test(usage)) throw new Error(`${usage} is no usual argument`);
    this.#arguments.push(usage.startsWith("<"));
    return this;
  }

  /** Has a flag; a function that is given reads its value. */
  option(usage: string, _description?: string, ...rest: readonly unknown[]): this {
    return this.addOption(flagOf(usage, rest));
  }

  /** Has a flag without which there is no usual line. */
  requiredOption(usage: string, _description?: string, ...rest: readonly unknown[]): this {
    const flag = flagOf(usage, rest);
    flag.isRequired = true;
    return this.addOption(flag);
  }

  /** Makes a flag, to be added. */
  createOption(usage: string): UsualFlag {
    return new UsualFlag(usage);
  }

  /** Has a flag. */
  addOption(flag: UsualFlag): this {
    if (flag.initial !== undefined) this.#initial[flag.attribute] = flag.initial;
    this.#flags.push(flag);
    return this;
  }

  /** Has more to say in its help, which no usual line asks for. */
  addHelpText(_place: string, _text: string): this {
    return this;
  }

  /** Runs this. */
  action(action: Action): this {
    this.#action = action;
    return this;
  }

  /** The flag that a word is, without its value. */
  flag(word: string): UsualFlag | undefined {
    const [name] = word.split("=", 1);
    return this.#flags.find(({ long, short }) => long === name || short === name);
  }

  /** The flags with two hyphens. */
  flags(): string[] {
    return this.#flags.map(({ long }) => long);
  }

  /** Reads words; `undefined` where they are not usual. */
  read(words: readonly string[]): ReadWords | undefined {
    const values = { ...this.#initial };
    const rest: string[] = [];
    const given = new Map<string, UsualFlag>();
    const left = words.values();
    for (const word of left) {
      if (word === "") return undefined;
      if (!word.startsWith("-")) {
        rest.push(word);
        continue;
      }
      const [match, inline] = FLAG.exec(word) ?? [];
      if (match === undefined) return undefined;
      const flag = this.flag(word);
      if (flag === undefined) rest.push(word);
      else if ((given.get(flag.attribute) ?? flag) !== flag) return undefined; // `--no-x --x 1`
      else if (set(flag, values, inline, left)) given.set(flag.attribute, flag);
      else return undefined;
    }
    return { values, given: Array.from(given.values(), ({ long }) => long), rest };
  }

  /** The run of a line whose other words are these; `undefined` where they are not usual. */
  runOf({ values, rest }: ReadWords): (() => unknown) | undefined {
    const isComplete = this.#flags.every(({ isRequired, attribute }) =>
      !isRequired || values[attribute] !== undefined
    );
    const least = this.#arguments.filter((isRequired) => isRequired).length;
    const areArguments = rest.length >= least && rest.length <= this.#arguments.length &&
      !rest.some((word) => word.startsWith("-"));
    const action = this.#action;
    const given = this.#arguments.map((_, index) => rest[index]);
    return isComplete && areArguments && action ? () => action(...given, values) : undefined;
  }
}

function flagOf(usage: string, rest: readonly unknown[]): UsualFlag {
  const [first, second] = rest;
  const flag = new UsualFlag(usage);
  if (typeof first !== "function") return flag.default(first);
  return flag.argParser(first as ReadValue).default(second);
}

/** Sets the value of a flag that was given; `false` where it is not given in the usual way. */
function set(
  flag: UsualFlag,
  values: Record<string, unknown>,
  inline: string | undefined,
  left: Iterator<string>,
): boolean {
  if (!flag.takesValue) {
    // What is said though it is so anyway may contradict another flag: the other parser knows.
    const isSoAnyway = values[flag.attribute] === !flag.negates;
    values[flag.attribute] = !flag.negates;
    return inline === undefined && !isSoAnyway;
  }
  const text = inline ?? left.next().value;
  if (!text || text.startsWith("-")) return false;
  try {
    values[flag.attribute] = flag.readValue(text, values[flag.attribute]);
    return true;
  } catch {
    // The parser of all lines says what is wrong.
    return false;
  }
}
