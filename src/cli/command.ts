/**
 * The commands of the program as tables: a row a command, whose file is imported when it runs.
 * @module
 */
import type { Command } from "../deps/commander.ts";
import { exampleLines, widthOf } from "./help.ts";
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

/** The command above all others, with the words of the line as they were typed. */
export function rootOf(command: Command): Command & { readonly rawArgs: readonly string[] } {
  let root = command;
  while (root.parent !== null) root = root.parent as Command;
  return root as Command & { readonly rawArgs: readonly string[] };
}

/** The words that lead to a command: `modelops modelfile generate`. */
export function commandWords(command: Command): string {
  const parent = command.parent as Command | null;
  return parent === null ? command.name() : `${commandWords(parent)} ${command.name()}`;
}

/** What the commands below one are called elsewhere, and here. */
export function synonymsOf(command: Command): Readonly<Record<string, string>> {
  return synonyms.get(command) ?? {};
}

/** Lines that call a command, as a person types them; none for one that has commands below. */
export function examplesOf(command: Command): string[] {
  const words = commandWords(command);
  return (examples.get(command) ?? []).map((example) => `${words} ${example}`.trim());
}

/** The long flags that a line gives a command, without switches that are said to be off. */
export function givenFlags(command: Command | null): Set<string> {
  if (command === null) return new Set();
  const own = command.options.filter((option) => {
    const name = option.attributeName();
    const isFalse = command.getOptionValue(name) === false;
    return command.getOptionValueSource(name) === "cli" && isFalse === option.negate;
  }).map(({ long }) => long).filter((long) => long != null);
  return new Set([...own, ...givenFlags(command.parent as Command | null)]);
}

/** The long flags that a command takes, its own and those of all. */
export function flagsOf(command: Command | null): Set<string> {
  if (command === null) return new Set();
  const own = command.options.map(({ long }) => long).filter((long) => long !== undefined);
  return new Set([...own, ...flagsOf(command.parent as Command | null)]);
}
