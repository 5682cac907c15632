/**
 * How far a run came, and what every command begins with.
 * @module
 */
import { BUILD_INFO } from "./build_info.ts";
import type { CliContext } from "./context.ts";
import type { Profiling } from "./profiling/server.ts";
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
  /** The flags that the command takes, its own and those of all. */
  known?: ReadonlySet<string>;
  /** The profiles of the run are served meanwhile. */
  profiling?: Profiling;
}

/** The session of the run. */
export function openSession(state: RunState, context: CliContext): Session {
  return state.session ??= new Session(context, state.flags);
}

/**
 * Begins with a command.
 * @param words The words that lead to it, without the name of the program.
 * @param known The flags that it takes.
 */
export async function begin(
  state: RunState,
  context: CliContext,
  words: readonly string[],
  known: ReadonlySet<string>,
): Promise<void> {
  state.known = known;
  const { settings, log, output } = openSession(state, context);
  const facts = { version: BUILD_INFO.version, storageDir: settings.storageDir };
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
