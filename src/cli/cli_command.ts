/**
 * Commander as this program uses it: `--flag=false` for every switch, help on standard output, and
 * mistakes thrown instead of printed.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { Command, type Option } from "../deps/commander.ts";
import { commandWords, rootOf } from "./command.ts";
import type { CliContext } from "./context.ts";
import { HELP_LAYOUT } from "./help.ts";
import { usageError } from "./usage_error.ts";

/** A request for the help of a command; it ends the run. */
export class HelpRequest extends Error {
  readonly command: Command;
  /** Writes the help as text. */
  readonly show: () => void;

  constructor(command: Command, show: () => void) {
    super(`help of ${command.name()}`);
    this.command = command;
    this.show = show;
  }
}

/** A request for the version; it ends the run. */
export class VersionRequest extends Error {}

/** What a switch takes, as Go's `strconv.ParseBool` has it. */
const SWITCH_VALUES: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((word) => [word, false] as const),
]);

const HELP_FLAG = "-h, --help";

/** A command whose switches take `=true` and `=false`, and never the next word. */
class CliCommand extends Command {
  override createCommand(name?: string): Command {
    return new CliCommand(name) as unknown as Command;
  }

  /** Sets the switches that are written with a value; the rest is read as always. */
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    // Here all flags of the line are known: those of commands above were read before.
    if (this.commands.length === 0) this.#refuseTaken();
    const rest: string[] = [];
    for (let index = 0; index < args.length; index++) {
      const word = args[index] ?? "";
      if (word === "--") return super.parseOptions([...rest, ...args.slice(index)]);
      if (/^-[^-]./su.test(word)) {
        const last = this.#readShort(word, rest);
        if (last?.required) rest.push(...args.slice(++index, index + 1));
        continue;
      }
      const [flag, value] = splitFlag(word);
      const option = this.#find(flag);
      if (option !== undefined && isSwitch(option)) this.#set(option, value ?? "true", rest);
      else rest.push(word);
      if (option?.required && value === undefined) rest.push(...args.slice(++index, index + 1));
    }
    return super.parseOptions(rest);
  }

  /** Throws a {@linkcode HelpRequest}: only the run knows in which form help is wanted. */
  override outputHelp(): never {
    const [word] = this.args;
    if (this.commands.length > 0 && word !== undefined && !word.startsWith("-")) {
      // Words that lead to a command never come here. The types do not know this method.
      (this as unknown as { unknownCommand(): never }).unknownCommand();
    }
    throw new HelpRequest(this as unknown as Command, () => super.outputHelp());
  }

  /** Throws a mistake on the command line as an error of ours. */
  override error(message: string): never {
    const command = this as unknown as Command;
    throw usageError(message, command);
  }

  /**
   * Reads a word of short flags as pflag does: `-n=foo` and `-nfoo` are `-n foo`, `-fn foo` is two
   * flags, and `-f=false` sets a switch. Gives the flag that takes the next word.
   */
  #readShort(word: string, rest: string[]): Option | undefined {
    for (let letters = word.slice(1); letters !== ""; letters = letters.slice(1)) {
      const flag = `-${letters.charAt(0)}`;
      const option = this.#find(flag);
      const value = letters.length > 2 && letters[1] === "=" ? letters.slice(2) : undefined;
      if (option === undefined) {
        rest.push(`-${letters}`);
        return undefined;
      }
      if (!isSwitch(option)) {
        rest.push(flag);
        if (letters.length === 1) return option;
        rest.push(value ?? letters.slice(1));
        return undefined;
      }
      this.#set(option, value ?? "true", rest);
      if (value !== undefined) return undefined;
    }
    return undefined;
  }

  /**
   * Refuses a flag that wants the word after it, where that is a flag too: it would be taken for
   * the value here, and one of a command above was taken from the line before.
   */
  #refuseTaken(): void {
    const all = rootOf(this as unknown as Command).rawArgs;
    const line = all.includes("--") ? all.slice(0, all.indexOf("--")) : all;
    const index = line.findIndex((word, index) =>
      this.#wantsNext(word) && this.#isFlag(line[index + 1] ?? "")
    );
    if (index < 0) return;
    const [word, next] = line.slice(index);
    throw new InvalidInputError(
      `Cannot run ${quote(commandWords(this as unknown as Command))}: after ${word} there is ` +
        `${next}, which is a flag and no value`,
      { remedy: `write ${word}=${next} where it is the value` },
    );
  }

  /** Whether a word is a flag whose value is the word after it, alone or behind short switches. */
  #wantsNext(word: string): boolean {
    if (!/^-[^-]./su.test(word)) return this.#known(word)?.required ?? false;
    const letters = Array.from(word.slice(1));
    const first = letters.findIndex((letter) => {
      const option = this.#known(`-${letter}`);
      return option === undefined || !isSwitch(option);
    });
    return first === letters.length - 1 && this.#wantsNext(`-${letters[first]}`);
  }

  /** Whether a word is a flag, with or without a value in it. */
  #isFlag(word: string): boolean {
    return word.startsWith("-") && this.#known(splitFlag(word)[0]) !== undefined;
  }

  /** A flag of this command, or of one above. */
  #known(flag: string): Option | undefined {
    const above = this.parent as CliCommand | null;
    return this.#find(flag) ?? (above === null ? undefined : above.#known(flag));
  }

  #find(flag: string): Option | undefined {
    return [...this.options, this.createOption(HELP_FLAG)]
      .find(({ long, short }) => long === flag || short === flag);
  }

  /** Sets a switch, or leaves one that is on to commander where it acts at once. */
  #set(option: Option, value: string, rest: string[]): void {
    const on = SWITCH_VALUES.get(value);
    if (on === undefined) {
      throw new InvalidInputError(
        `Cannot use ${option.long}=${value}: the flag takes true or false`,
      );
    }
    if (option.long !== "--help" && option.long !== "--version") {
      this.setOptionValueWithSource(option.attributeName(), on !== option.negate, "cli");
    } else if (on) {
      rest.push(option.long);
    }
  }
}

function splitFlag(word: string): [flag: string, value?: string] {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** Whether an option takes no value. */
function isSwitch(option: Option): boolean {
  return !option.required && !option.optional;
}

/** Makes the root command, without flags and subcommands. */
export function rootCommand(context: CliContext): Command {
  const write = (text: string) => context.stdout.write(text);
  return (new CliCommand(context.programName) as unknown as Command)
    .exitOverride()
    .helpOption(HELP_FLAG, "show this help")
    .configureOutput({
      writeOut: write,
      // Only help is written here: mistakes come out of exitOverride().
      writeErr: write,
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(context),
      getErrHelpWidth: () => helpWidth(context),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp(HELP_LAYOUT);
}

function helpWidth({ stdout }: CliContext): number {
  return Math.min(stdout.columns() ?? 100, 100);
}
