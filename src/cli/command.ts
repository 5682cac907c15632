/**
 * Commander as this program uses it: `--flag=false` for every switch, help on standard output, and
 * mistakes thrown instead of printed.
 * @module
 */
import { quote } from "../core/text.ts";
import { Command, type Option } from "../deps/commander.ts";
import { InvalidInputError } from "../core/errors.ts";
import { exampleLines, HELP_LAYOUT, widthOf } from "./help.ts";
import type { CliContext } from "./context.ts";
import type { Session } from "./session.ts";

/** What the file of a command exports. */
export interface CommandModule {
  /** Gives a command its arguments, flags and action. */
  configure(command: Command, session: Session): void;
}

/** A row of a table of commands: what help shows of it, and where the rest is. */
export interface CommandRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What other tools call it, or a command below it: whoever types that is told our words. */
  readonly synonyms?: Readonly<Record<string, string>>;
  /** One line for the list of commands. */
  readonly summary: string;
  /** How it is called, without the words that lead to it; none for one that has commands below. */
  readonly examples?: readonly [string, string];
  /** Whether a line of it may be read as `usual/line.ts` reads lines. */
  readonly isUsual?: boolean;
  /** Whether help leaves it out. */
  readonly hidden?: boolean;
  /** Imports the file of the command; only the command that runs is imported. */
  load(): Promise<CommandModule>;
}

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

function rootOf(command: Command): Command & { readonly rawArgs: readonly string[] } {
  let root = command;
  while (root.parent !== null) root = root.parent as Command;
  return root as Command & { readonly rawArgs: readonly string[] };
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

/** What the commands below one are called elsewhere. */
const synonyms = new WeakMap<Command, Readonly<Record<string, string>>>();

/** How a command is called, each example without the words that lead to it. */
const examples = new WeakMap<Command, readonly string[]>();

/** How the file of a command is brought in, for the commands of tables. */
const loaders = new WeakMap<Command, () => Promise<void>>();

/**
 * Adds the commands of a table. Each is listed with what its row says; the file of the one that
 * runs is imported when it is known, and gets the session, by when the flags of the parent have
 * been read.
 */
export function addCommands(
  parent: Command,
  rows: readonly CommandRow[],
  session: () => Session,
): void {
  // The help command is a row like the others.
  parent.helpCommand(false);
  synonyms.set(parent, Object.assign({}, ...rows.map((row) => row.synonyms)));
  for (const row of rows) {
    const command = parent.command(row.name, { hidden: row.hidden ?? false })
      .summary(row.summary).description(`${row.summary}.`).aliases(row.aliases ?? []);
    if (row.examples) {
      examples.set(command as Command, row.examples);
      const lines = () => exampleLines(examplesOf(command as Command), widthOf(command as Command));
      command.addHelpText("after", lines);
    }
    let loaded: Promise<void> | undefined;
    const load = async () => (await row.load()).configure(command as Command, session());
    // `help help` comes by the same command twice.
    loaders.set(command as Command, () => loaded ??= load());
  }
  parent.hook("preSubcommand", (_parent, command) => loadCommand(command as Command));
}

/** Brings in the file of a command: from then on its flags, arguments and commands are known. */
export async function loadCommand(command: Command): Promise<void> {
  await loaders.get(command)?.();
}

/** Brings in the files of a command and of all the commands below it. */
export async function loadTree(command: Command): Promise<void> {
  await loadCommand(command);
  await Promise.all(command.commands.map((child) => loadTree(child as Command)));
}

/** The words that lead to a command: `modelops modelfile generate`. */
export function commandWords(command: Command): string {
  const parent = command.parent as Command | null;
  return parent === null ? command.name() : `${commandWords(parent)} ${command.name()}`;
}

/** Lines that call a command, as a person types them; none for one that has commands below. */
export function examplesOf(command: Command): string[] {
  const words = commandWords(command);
  return (examples.get(command) ?? []).map((example) => `${words} ${example}`.trim());
}

/** The long flags that a command takes, its own and those of all. */
export function flagsOf(command: Command | null): Set<string> {
  if (command === null) return new Set();
  const own = command.options.map(({ long }) => long).filter((long) => long !== undefined);
  return new Set([...own, ...flagsOf(command.parent as Command | null)]);
}

/**
 * Refuses empty arguments, and empty names of files and folders: whoever gives one has a variable
 * that is not set.
 * @throws {InvalidInputError} naming the first of them.
 */
export function refuseEmpty(command: Command): void {
  const words = command.registeredArguments.filter(({ variadic }, index) =>
    !variadic && command.args[index] === ""
  ).map((argument) => `the argument ${quote(argument.name())}`);
  const given: Readonly<Record<string, unknown>> = command.optsWithGlobals();
  const values = [...command.options, ...rootOf(command).options].filter((option) =>
    /<(file|folder)>/.test(option.flags) && given[option.attributeName()] === ""
  ).map((option) => option.long);
  const [empty] = [...words, ...values];
  if (empty === undefined) return;
  throw new InvalidInputError(`Cannot run ${quote(commandWords(command))}: ${empty} is empty`, {
    remedy: `run \`${commandWords(command)} --help\``,
  });
}

/** What commander says of a value that is none of the choices. */
const NO_CHOICE =
  /^(?:option '(?:-\w, )?(--\S+).*?' argument|command-argument value) '(.*)' is invalid(?: for argument '(.*)')?\. Allowed choices are (.*)$/s;

/** Commander's words for other mistakes, and ours. */
const REASONS: readonly (readonly [theirs: RegExp, ours: string])[] = [
  [/^option '(?:-\w, )?(--\S+) (<.+>)' argument missing$/, "after $1 there is no $2"],
  [/^required option '(?:-\w, )?(--\S+) (<.+>)' not specified$/, "$1 $2 is missing"],
  [/^missing required argument '(.*)'$/, "the argument '$1' is missing"],
  [
    /^too many arguments.* Expected (\d+) arguments? but got \d+: (.*)$/s,
    "too many arguments, it takes $1: $2",
  ],
];

/** Commander's words for a mistake, as a reason and the words that were perhaps meant. */
function usageError(message: string, command: Command): InvalidInputError {
  const words = commandWords(command);
  const others = synonyms.get(command) ?? {};
  const [, found = message, near] =
    /^(?:error: )?(.*?)\.?(?:\s*\(Did you mean (?:one of )?(.*)\?\))?$/s.exec(message) ?? [];
  const [noChoice, flag, value = "", argument, choices = ""] = NO_CHOICE.exec(found) ?? [];
  if (noChoice !== undefined) {
    return new InvalidInputError(
      `Cannot use ${flag ?? argument} ${quote(value)}: it is one of ${choices}`,
      { actual: value, choices: choices.split(", ") },
    );
  }
  const [, word = ""] = /^unknown command '(.*)'$/.exec(found) ?? [];
  const meant = Object.hasOwn(others, word) ? [others[word]!] : near?.split(", ");
  const known = REASONS.find(([theirs]) => theirs.test(found));
  const reason = (known ? found.replace(...known) : found)
    .replace(/'([^']*)'/g, (_match, quoted) => quote(quoted));
  // Who left something out, or wrote too much, is helped most by a line that is whole.
  const [example] = known ? examplesOf(command) : [];
  const help = /^too many .*\b(true|false)$/is.test(found)
    ? "write the value of a switch after =, as --json=false"
    : `run \`${words} --help\``;
  return new InvalidInputError(`Cannot run "${words}": ${reason}`, {
    suggestions: meant,
    remedy: example === undefined ? help : `write \`${example}\`, or ${help}`,
  });
}
