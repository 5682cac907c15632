/**
 * The usual command lines, read without the library of arguments, which takes as long to load and
 * to fill as an empty program takes to run. A line that has anything else than a command, whole
 * flags and arguments that are right is not usual: help, mistakes, `--`, `-abc`, `--json=false`.
 * @module
 */
import type { Command } from "../../deps/commander.ts";
import type { CommandRow } from "../command.ts";
import { addGlobalFlags } from "../global_flags.ts";
import type { Session } from "../session.ts";
import type { GlobalFlags } from "../settings/global.ts";
import { UsualCommand } from "./command.ts";

/** A line that was read. */
export interface UsualLine {
  /** The name of the command. */
  readonly name: string;
  /** The flags that the command takes, its own and those of all. */
  readonly known: ReadonlySet<string>;
  /** Those that the line gives. */
  readonly given: ReadonlySet<string>;
  /** Runs the command. */
  run(): unknown;
}

/**
 * Reads a line; `undefined` where it is not usual.
 * @param open Opens the session of a command, as soon as the flags of all commands are known.
 */
export async function readUsualLine(
  words: readonly string[],
  rows: readonly CommandRow[],
  open: (flags: GlobalFlags, name: string) => Session,
): Promise<UsualLine | undefined> {
  const global = new UsualCommand();
  addGlobalFlags(global as unknown as Command);
  // The flags of all commands may stand anywhere, and are taken first.
  const outer = global.read(words);
  const [name, ...rest] = outer?.rest ?? [];
  const row = rows.find((row) => row.name === name || name && row.aliases?.includes(name));
  if (outer === undefined || !row?.isUsual) return undefined;
  const { configure } = await row.load();
  const command = new UsualCommand();
  configure(command as unknown as Command, open(outer.values, row.name));
  const inner = command.read(rest);
  // Others would take a flag of all commands for the value of the flag before it.
  const isUnclear = words.some((word, index) =>
    command.flag(word)?.takesValue && global.flag(words[index + 1] ?? "")
  );
  const run = inner && !isUnclear ? command.runOf(inner) : undefined;
  if (run === undefined) return undefined;
  const known = new Set([...command.flags(), "--version", ...global.flags()]);
  return { name: row.name, known, given: new Set([...outer.given, ...inner!.given]), run };
}
