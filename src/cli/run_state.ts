/**
 * How far a run came, and what every command begins with.
 * @module
 */
import { BUILD_INFO } from "./build_info.ts";
import { BUNDLE_COMMANDS } from "./bundle_commands.ts";
import { isBundlesProgram } from "./commands.ts";
import type { CliContext } from "./context.ts";
import type { Profiling } from "./profiling/server.ts";
import { refuseUseless } from "./settings/flag_rules.ts";
import { Session } from "./session.ts";
import type { GlobalFlags } from "./settings/global.ts";

/** How far a run came. */
export interface RunState {
  /** The flags that every command takes, as far as they have been read. */
  flags: GlobalFlags;
  /** The settings, when those flags have been read. */
  session?: Session;
  /** The name of the command. */
  command?: string;
  /** The flags of the command. */
  commandFlags?: CommandFlags;
  /** The profiles of the run are served meanwhile. */
  profiling?: Profiling;
}

/** The long flags of a command, its own and those of all. */
export interface CommandFlags {
  /** Those that it takes. */
  readonly known: ReadonlySet<string>;
  /** Those that the line gives it, without switches that are said to be off. */
  readonly given: ReadonlySet<string>;
}

/** The session of the run. */
export function openSession(state: RunState, context: CliContext): Session {
  return state.session ??= new Session(context, state.flags);
}

/**
 * Begins with a command.
 * @param words The words that lead to it, without the name of the program.
 * @param flags The flags that it takes, and those that the line gives it.
 * @throws {InvalidInputError} when nothing reads one that is given.
 */
export async function begin(
  state: RunState,
  context: CliContext,
  words: readonly string[],
  commandFlags: CommandFlags,
): Promise<void> {
  state.commandFlags = commandFlags;
  const { settings, log, output } = openSession(state, context);
  const facts = { version: BUILD_INFO.version, storageDir: settings.storageDir };
  const isOfBundles = isBundlesProgram(context.programName) &&
    BUNDLE_COMMANDS.some(({ name }) => name === words[0]);
  refuseUseless([...(isOfBundles ? ["bundle"] : []), ...words].join(" "), commandFlags.given);
  log("debug", `Running ${[context.programName, ...words].join(" ")}`, facts);
  if (settings.pprof === undefined || state.profiling !== undefined) return;
  const { startProfiling } = await import("./profiling/server.ts");
  state.profiling = await startProfiling(settings.pprof, output);
}

/** Closes what the run has opened. */
export async function close({ profiling, session }: RunState): Promise<void> {
  await profiling?.stop();
  await session?.[Symbol.asyncDispose]();
}
