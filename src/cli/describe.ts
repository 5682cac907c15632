/**
 * The commands and their flags as one document, for programs that read help.
 * @module
 */
import type { Argument, Command, Option } from "../deps/commander.ts";
import { isCollector } from "./arguments.ts";
import { BUILD_INFO } from "./build_info.ts";
import { examplesOf, loadTree } from "./command.ts";
import { inHelpOrder } from "./help.ts";
import { EXIT_CODES, SIGNAL_CODES } from "./output/exit_codes.ts";

/** A command. */
export interface CommandDocument {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly hidden: boolean;
  /** The arguments in order. */
  readonly arguments: readonly ReturnType<typeof describeArgument>[];
  /** The command's own flags. */
  readonly flags: readonly FlagDocument[];
  /** Lines that call it. */
  readonly examples: readonly string[];
  /** The commands below it. */
  readonly commands: readonly CommandDocument[];
}

/** A flag. */
export type FlagDocument = ReturnType<typeof describeFlag>;

/** What `help --json` writes. */
export type ProgramDocument = Awaited<ReturnType<typeof describeProgram>>;

/** Describes a command, with what is below it, and the program it belongs to. */
export async function describeProgram(command: Command) {
  await loadTree(command);
  let root = command;
  while (root.parent !== null) root = root.parent as Command;
  const stopped = Object.entries(SIGNAL_CODES)
    .filter(([, code]) => code !== EXIT_CODES.interrupted)
    .map(([signal, code]) => [`interrupted by ${signal}`, code] as const);
  const codes = [...Object.entries(EXIT_CODES), ...stopped]
    .map(([meaning, code]) => ({ code, meaning })).sort((a, b) => a.code - b.code);
  return {
    /** The name the program was called by. */
    program: root.name(),
    version: BUILD_INFO.version,
    /** The flags that every command takes. */
    globalFlags: flagsOf(root),
    /** The command that was asked about; without one, the program with all its commands. */
    command: describeCommand(command),
    /** What each exit code means, in order. */
    exitCodes: [{ code: 0, meaning: "done" }, ...codes],
  };
}

function describeCommand(command: Command): CommandDocument {
  const children = command.commands as readonly Command[];
  const parent = command.parent as Command | null;
  const visible = parent?.createHelp().visibleCommands(parent) as readonly Command[] | undefined;
  return {
    name: command.name(),
    aliases: command.aliases(),
    summary: command.summary() || command.description(),
    hidden: visible !== undefined && !visible.includes(command),
    arguments: command.registeredArguments.map(describeArgument),
    // The flags of the program itself are those of every command.
    flags: parent === null ? [] : flagsOf(command),
    examples: examplesOf(command),
    commands: children.map(describeCommand),
  };
}

function describeArgument(argument: Argument) {
  return {
    name: argument.name(),
    /** Whether it takes all the words that are left. */
    variadic: argument.variadic,
    required: argument.required,
    description: argument.description,
    default: argument.defaultValue ?? defaultInWords(argument.description),
    choices: argument.argChoices,
  };
}

function flagsOf(command: Command): FlagDocument[] {
  return inHelpOrder(command.options).map(describeFlag);
}

function describeFlag(option: Option) {
  const value = /[<[](.+)[>\]]/.exec(option.flags)?.[1];
  const standard = value === undefined ? option.defaultValue === true && !option.negate : undefined;
  return {
    name: option.long ?? option.flags,
    short: option.short,
    /** What its value is called; absent for a switch, which takes `=true` and `=false`. */
    value,
    required: option.mandatory,
    /** Whether it may be given several times, all of which count. */
    repeatable: isCollector(option.parseArg),
    hidden: option.hidden,
    description: option.description,
    default: standard ?? option.defaultValue ?? defaultInWords(option.description),
    choices: option.argChoices,
  };
}

/** A default that depends on the machine is told in the description. */
function defaultInWords(description: string): string | undefined {
  return /\(default: ([^)]*)\)/.exec(description)?.[1];
}
