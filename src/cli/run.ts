/**
 * A run of the program, from its arguments to its exit code.
 * @module
 */
import type { Command } from "../deps/commander.ts";
import { BUILD_INFO } from "./build_info.ts";
import {
  addCommands,
  commandWords,
  flagsOf,
  HelpRequest,
  isVersionShown,
  rootCommand,
} from "./command.ts";
import { commandsOf, isBundlesProgram } from "./commands.ts";
import { addCompletionFlags, CompletionRequest } from "./completion/flags.ts";
import type { CliContext } from "./context.ts";
import { FailedResult } from "./output/failed_result.ts";
import {
  describeFailure,
  failureDocument,
  renderFailure,
  suggestionsFor,
} from "./output/failure.ts";
import { escapeControls } from "./output/format.ts";
import { isDebug } from "./output/log.ts";
import { type ColorChoice, type Paint, paintFor } from "./output/paint.ts";
import { Output } from "./output/writer.ts";
import type { Profiling } from "./profiling/server.ts";
import { Session } from "./session.ts";
import { colorChoice, DEFAULT_PPROF_ADDRESS, type GlobalFlags } from "./settings/global.ts";

/** Runs the command that the arguments name, and returns the exit code. It does not throw. */
export async function run(args: readonly string[], context: CliContext): Promise<number> {
  const state: RunState = {};
  const program = createProgram(context, state);
  try {
    await using _opened = { [Symbol.asyncDispose]: () => close(state) };
    const parsed = parse(program, args, context);
    await Promise.race([parsed, context.fault ?? parsed]);
    return 0;
  } catch (error) {
    if (isVersionShown(error)) return 0;
    const json = state.session?.settings.json ?? args.includes("--json");
    const { color } = program.opts() as GlobalFlags;
    return await report(error, context, { json, color, ...state });
  }
}

/** How far a run came. */
interface RunState {
  /** The settings, when the global flags have been read. */
  session?: Session;
  /** The name of the command. */
  command?: string;
  /** The flags that it takes. */
  flags?: ReadonlySet<string>;
  /** The profiles of the run are served meanwhile. */
  profiling?: Profiling;
}

/** Closes what the run has opened. */
async function close({ profiling, session }: RunState): Promise<void> {
  await profiling?.stop();
  await session?.[Symbol.asyncDispose]();
}

/** Runs the command, or shows the help that is asked for. */
async function parse(
  program: Command,
  args: readonly string[],
  context: CliContext,
): Promise<void> {
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CompletionRequest) return await answer(error, program, context);
    if (!(error instanceof HelpRequest)) throw error;
    if (!(program.opts() as GlobalFlags).json) return error.show();
    const { describeProgram } = await import("./describe.ts");
    new Output(context, true).document(await describeProgram(error.command));
  }
}

/** Shows or installs the completion of the shell. */
async function answer(
  request: CompletionRequest,
  program: Command,
  context: CliContext,
): Promise<void> {
  const { answerCompletion } = await import("./completion/install.ts");
  const output = new Output(context, (program.opts() as GlobalFlags).json ?? false);
  await answerCompletion(request, context, output);
}

/** The program with all its commands. It keeps in `state` how far it comes. */
function createProgram(context: CliContext, state: RunState): Command {
  const root = rootCommand(context)
    .description(describe(context.programName))
    .version(BUILD_INFO.version, "-V, --version", "show the version")
    .option("--storage-dir <folder>", "the local store (default: ~/.modctl)")
    .option("--log-dir <folder>", "folder of the log file (default: logs in the local store)")
    .option(
      "--log-level <level>",
      "panic, fatal, error, warn, info, debug or trace (default: info)",
    )
    .option(
      "--progress <form>",
      "plain, bar, json or none (default: bar on a terminal, else plain)",
    )
    .option("--max-rate <rate>", "most bytes a second over the network, as 20MiB or 1.5MB/s")
    .option("--no-progress", "show no progress")
    .option("--color <when>", "auto, always or never (default: auto)")
    .option("--json", "write results, errors and help as JSON")
    .option("--ca-file <file>", "trust the authorities of this PEM file as well")
    .option("--cert-file <file>", "certificate to show to registries (PEM)")
    .option("--key-file <file>", "key of that certificate (PEM)")
    .option("--allow-private-redirects", "let servers on the internet point to private addresses")
    .option("--pprof", "serve profiles of this run while it lasts")
    .option("--pprof-addr <host:port>", "where to serve them", DEFAULT_PPROF_ADDRESS);
  const program = root as unknown as Command;
  if (isBundlesProgram(context.programName)) addCompletionFlags(program);
  const session = () => state.session ??= new Session(context, root.opts());
  program.hook("preSubcommand", (_program, command) => {
    // A command of bundles is not the command of models that has its name.
    state.command = isBundlesProgram(context.programName) ? "bundle" : command.name();
  });
  addCommands(program, commandsOf(context.programName), session);
  program.hook("preAction", async (_program, command) => {
    state.flags = flagsOf(command as Command);
    const { settings, log } = session();
    const facts = { version: BUILD_INFO.version, storageDir: settings.storageDir };
    log("debug", `Running ${commandWords(command as Command)}`, facts);
    if (state.profiling === undefined) state.profiling = await profile(session());
  });
  return program;
}

function describe(programName: string): string {
  return isBundlesProgram(programName)
    ? "Publish bundles of files by role, and materialize them."
    : "Package machine-learning models as OCI artifacts, and move them.";
}

/** Serves the profiles of the run where that is asked for. */
async function profile({ settings, output }: Session): Promise<Profiling | undefined> {
  if (settings.pprof === undefined) return undefined;
  const { startProfiling } = await import("./profiling/server.ts");
  return await startProfiling(settings.pprof, output);
}

/** Reports a failure where it belongs, and returns its exit code. */
async function report(
  thrown: unknown,
  context: CliContext,
  { json, color, session, command, flags }:
    & { readonly json: boolean; readonly color?: string }
    & RunState,
): Promise<number> {
  const { programName, signal } = context;
  const { failure: error, document } = thrown instanceof FailedResult
    ? thrown
    : { failure: thrown, document: {} };
  const { interruptedAt } = session ?? {};
  const suggestions = await suggestionsFor(error);
  const failure = describeFailure(error, {
    programName,
    signal,
    command,
    interruptedAt,
    suggestions,
    flags,
  });
  session?.log("error", failure.message, { kind: failure.kind });
  if (session !== undefined && isDebug(session.settings.logLevel)) {
    context.stderr.write(`${stackOf(error)}\n`);
  }
  const documents = { ...failureDocument(failure), ...document };
  if (!json || !isWritten(documents, context)) {
    context.stderr.write(renderFailure(failure, paintOf(color, context)));
  }
  return failure.code;
}

/** The colours of standard error; those of a choice that is none are the usual ones. */
function paintOf(flag: string | undefined, { stderr, env }: CliContext): Paint {
  let choice: ColorChoice = "auto";
  try {
    choice = colorChoice(flag, env);
  } catch {
    // That is what is being reported, or another flag is wrong as well.
  }
  return paintFor(choice, stderr, env);
}

/** Writes a document; `false` where standard output takes nothing any more. */
function isWritten(document: unknown, context: CliContext): boolean {
  try {
    new Output(context, true).document(document);
    return true;
  } catch {
    return false;
  }
}

/** The stacks of an error and of its causes. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  const lines = (error.stack ?? error.message).split("\n").map(escapeControls);
  return `${lines.join("\n")}${cause}`;
}
