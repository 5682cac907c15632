/**
 * The manual pages of the commands, made of what `help --json` tells of them, as `man(7)` reads
 * them.
 * @module
 */
import type { CommandDocument, FlagDocument, ProgramDocument } from "../../src/cli/describe.ts";
import { programOutput } from "./program_output.ts";

/** A manual page: the name of its file, such as `modelops-pull.1`, and its text. */
export interface ManPage {
  readonly file: string;
  readonly text: string;
}

/** The pages of the program and of each command that help lists. */
export async function manPages(): Promise<ManPage[]> {
  const program: ProgramDocument = JSON.parse(await programOutput(["help", "--json"]));
  const { command: root } = program;
  return [programPage(program), ...commandPages([root.name], root, program)];
}

function programPage(program: ProgramDocument): ManPage {
  const { command, globalFlags, exitCodes, version } = program;
  const codes = exitCodes.map(({ code, meaning }) => entry(bold(String(code)), meaning));
  return page([command.name], version, command.summary, [
    section("SYNOPSIS", `${bold(command.name)} ${italic("command")} [${italic("options")}]`),
    section("COMMANDS", ...listed(command).map((child) => seeEntry([command.name], child))),
    section("OPTIONS", ...globalFlags.filter(({ hidden }) => !hidden).map(flagEntry)),
    section("EXIT STATUS", ...codes),
  ]);
}

function* commandPages(
  words: readonly string[],
  parent: CommandDocument,
  program: ProgramDocument,
): Generator<ManPage> {
  for (const command of listed(parent)) {
    const path = [...words, command.name];
    yield commandPage(path, command, program);
    yield* commandPages(path, command, program);
  }
}

function commandPage(
  words: readonly string[],
  command: CommandDocument,
  { version }: ProgramDocument,
): ManPage {
  const flags = command.flags.filter(({ hidden }) => !hidden);
  const others = command.aliases.map((name) => bold([...words.slice(0, -1), name].join(" ")));
  const parents = words.slice(1).map((_, index) => `${words.slice(0, index + 1).join("-")}`);
  return page(words, version, command.summary, [
    section("SYNOPSIS", [bold(words.join(" ")), ...synopsis(command)].join(" ")),
    section("ALIASES", ...others),
    section("COMMANDS", ...listed(command).map((child) => seeEntry(words, child))),
    section("ARGUMENTS", ...command.arguments.map(argumentEntry)),
    section("OPTIONS", ...flags.map(flagEntry)),
    section("EXAMPLES", ...command.examples.map((line) => `.EX\n${literal(line)}\n.EE`)),
    section("SEE ALSO", parents.map((name) => `${bold(name)}(1)`).join(",\n")),
  ]);
}

/** The commands below one that help lists, without help itself: manual pages stand for it. */
function listed(command: CommandDocument): CommandDocument[] {
  return command.commands.filter(({ name, hidden }) => !hidden && name !== "help");
}

function synopsis({ arguments: words, flags, commands }: CommandDocument): string[] {
  const named = words.map(({ name, variadic, required }) => {
    const shown = `${italic(name)}${variadic ? "..." : ""}`;
    return required ? shown : `[${shown}]`;
  });
  return [
    ...(commands.length > 0 ? [italic("command")] : []),
    ...(flags.length > 0 ? [`[${italic("options")}]`] : []),
    ...named,
  ];
}

function argumentEntry({ name, description }: CommandDocument["arguments"][number]): string {
  return entry(italic(name), description);
}

function flagEntry({ name, short, value, description, choices }: FlagDocument): string {
  const named = [short, name].filter((flag) => flag !== undefined).map(bold).join(", ");
  const among = choices === undefined ? "" : ` (${choices.join(", ")})`;
  return entry(value === undefined ? named : `${named} ${italic(value)}`, description + among);
}

function seeEntry(words: readonly string[], { name, summary }: CommandDocument): string {
  return entry(`${bold([...words, name].join("-"))}(1)`, summary);
}

function page(
  words: readonly string[],
  version: string,
  summary: string,
  sections: readonly string[],
): ManPage {
  const name = words.join("-");
  const title = `.TH ${name.toUpperCase()} 1 "" "modelops ${version}" "User Commands"`;
  const header = section("NAME", `${literal(name)} \\- ${literal(summary)}`);
  const text = [title, header, ...sections.filter((text) => text !== "")].join("\n");
  return { file: `${name}.1`, text: `${text}\n` };
}

/** A section, or nothing when there is nothing in it. */
function section(title: string, ...parts: readonly string[]): string {
  const text = parts.filter((part) => part !== "").join("\n");
  return text === "" ? "" : `.SH ${title}\n${text}`;
}

/** A term and what it means, below each other. */
function entry(term: string, text: string): string {
  return `.TP\n${term}\n${literal(text)}`;
}

function bold(text: string): string {
  return `\\fB${literal(text)}\\fR`;
}

function italic(text: string): string {
  return `\\fI${literal(text)}\\fR`;
}

/** Text as it is: no escape of its own, no request at the start of a line. */
function literal(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^(?=[.'])/gm, "\\&");
}
