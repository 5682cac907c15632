/**
 * What a command line may go on with.
 * @module
 */
import type { Argument, Command, Option } from "../../deps/commander.ts";
import { loadCommand } from "../command.ts";
import { LOG_LEVELS } from "../output/log.ts";
import { COLOR_CHOICES } from "../output/paint.ts";
import { PROGRESS_STYLES } from "../output/progress/style.ts";
import { SHELLS } from "./scripts.ts";

/** A word that fits. */
export interface Candidate {
  readonly value: string;
  /** What it means, in one line; may be empty. */
  readonly summary: string;
}

/** How a command line may go on. */
export interface Completion {
  /** Whether the shell completes names of files or folders; if not, the candidates are all. */
  readonly kind: "words" | "files" | "folders";
  readonly candidates: readonly Candidate[];
}

/** Gives the artifacts in the local store, by the flags of the command line that take a value. */
export type ListReferences = (
  flags: Readonly<Record<string, string>>,
) => Promise<readonly string[]>;

/**
 * Completes the last of the words that follow the program's name, which may be empty. In
 * `--flag=value` the candidates are the values alone.
 */
export async function complete(
  root: Command,
  words: readonly string[],
  references: ListReferences,
): Promise<Completion> {
  const line = new CommandLine(root, references);
  for (const word of words.slice(0, -1)) await line.read(word);
  return await line.complete(words.at(-1) ?? "");
}

/** A command line as far as it has been read. */
class CommandLine {
  /** The command that the words have led to. */
  command: Command;
  /** The values of flags. */
  readonly values: Record<string, string> = {};
  readonly references: ListReferences;
  /** The flag that takes the next word. */
  #pending: Option | undefined;
  #onlyArguments = false;
  #position = 0;

  constructor(root: Command, references: ListReferences) {
    this.command = root;
    this.references = references;
  }

  async read(word: string): Promise<void> {
    if (this.#pending !== undefined) return this.#keep(word);
    if (word === "--" && !this.#onlyArguments) this.#onlyArguments = true;
    else if (this.#startsFlag(word)) this.#readFlag(word);
    else await this.#readOperand(word);
  }

  /** How the last word goes on, which may be empty. */
  async complete(word: string): Promise<Completion> {
    const equals = word.indexOf("=");
    if (this.#startsFlag(word) && word.startsWith("--") && equals > 0) {
      const option = this.#option(word.slice(0, equals));
      return startingWith(word.slice(equals + 1), await this.#valuesOf(option));
    }
    return startingWith(word, await this.#allFor(word));
  }

  async #allFor(word: string): Promise<Completion> {
    if (this.#pending !== undefined) return await this.#valuesOf(this.#pending);
    if (this.#startsFlag(word)) return wordsOf(flagCandidates(this.command));
    if (this.command.commands.length > 0) return wordsOf(commandCandidates(this.command));
    const { registeredArguments } = this.command;
    const last = registeredArguments.at(-1);
    const argument = registeredArguments[this.#position] ?? (last?.variadic ? last : undefined);
    return await this.#valuesOf(argument);
  }

  #startsFlag(word: string): boolean {
    return this.#pending === undefined && !this.#onlyArguments && word.startsWith("-");
  }

  /** What may stand for a flag's value or an argument; nothing for one that there is not. */
  async #valuesOf(slot: Option | Argument | undefined): Promise<Completion> {
    if (slot === undefined) return wordsOf([]);
    if (slot.argChoices !== undefined) return wordsOf(bare(slot.argChoices));
    const isFlag = "flags" in slot;
    const name = isFlag ? /[<[](.+)[>\]]/.exec(slot.flags)?.[1] ?? "" : slot.name();
    const kind = isFlag && KINDS_OF_VALUES[slot.long ?? ""] || KINDS_OF_VALUES[name];
    return await kind?.(this) ?? wordsOf([]);
  }

  #readFlag(word: string): void {
    const [, flag = "", value] = /^(--[^=]*)(?:=(.*))?$/s.exec(word) ??
      /^(-.)(.+)?$/s.exec(word) ?? [];
    const option = this.#option(flag);
    if (option === undefined || !takesValue(option)) return;
    this.#pending = option;
    if (value !== undefined) this.#keep(value);
  }

  #keep(value: string): void {
    if (this.#pending !== undefined) this.values[this.#pending.attributeName()] = value;
    this.#pending = undefined;
  }

  async #readOperand(word: string): Promise<void> {
    const child = (this.command.commands as readonly Command[])
      .find((command) => command.name() === word || command.aliases().includes(word));
    if (child === undefined) {
      this.#position++;
      return;
    }
    await loadCommand(child);
    this.command = child;
  }

  #option(flag: string): Option | undefined {
    return allOptions(this.command).find(({ long, short }) => long === flag || short === flag);
  }
}

/** The flags of a command and of those above it. */
function allOptions(command: Command): readonly Option[] {
  const parent = command.parent as Command | null;
  return parent === null ? command.options : [...command.options, ...allOptions(parent)];
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

const files = (): Completion => ({ kind: "files", candidates: [] });
const folders = (): Completion => ({ kind: "folders", candidates: [] });

/** These look for artifacts in a registry, whose names nobody here knows. */
const REMOTE_COMMANDS = ["pull", "fetch"];

async function references({ command, values, references }: CommandLine): Promise<Completion> {
  if (REMOTE_COMMANDS.includes(command.name())) return wordsOf([]);
  return wordsOf(bare(await references(values)));
}

/** Bundles that are compared may be folders or archives, and models have names. */
function compared(line: CommandLine): Completion | Promise<Completion> {
  const isOfBundles = /bundles?$/.test(line.command.parent?.name() ?? "");
  return isOfBundles ? files() : references(line);
}

/** What stands for a value, by its flag or by the name that help gives it. A switch has no name. */
const KINDS_OF_VALUES: Readonly<
  Record<string, (line: CommandLine) => Completion | Promise<Completion>>
> = {
  "": () => wordsOf(bare(["true", "false"])),
  file: files,
  folder: folders,
  path: folders,
  "folder|bundle": folders,
  "--object-store": folders,
  "--log-level": () => wordsOf(bare(LOG_LEVELS)),
  "--progress": () => wordsOf(bare(PROGRESS_STYLES)),
  "--color": () => wordsOf(bare(COLOR_CHOICES)),
  shell: () => wordsOf(bare(SHELLS)),
  from: compared,
  to: compared,
  reference: references,
  source: references,
  target: references,
  command: ({ command }) => wordsOf(commandCandidates(command.parent as Command)),
};

function startingWith(start: string, { kind, candidates }: Completion): Completion {
  return { kind, candidates: candidates.filter(({ value }) => value.startsWith(start)) };
}

function wordsOf(candidates: readonly Candidate[]): Completion {
  return { kind: "words", candidates };
}

function bare(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, summary: "" }));
}

function commandCandidates(command: Command): Candidate[] {
  return command.createHelp().visibleCommands(command)
    .map((child) => ({ value: child.name(), summary: child.summary() }));
}

/** The flags that help shows; a short form is known to whoever types it. */
function flagCandidates(command: Command): Candidate[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]
    .map(({ long, description }) => ({ value: long ?? "", summary: description }))
    .filter(({ value }) => value !== "");
}
