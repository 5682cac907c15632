/**
 * The program with all its commands, flags, help and mistakes.
 * @module
 */
import type { Command } from "../deps/commander.ts";
import { BUILD_INFO } from "./build_info.ts";
import { HelpRequest, rootCommand, VersionRequest } from "./cli_command.ts";
import { addCommands, commandWords, flagsOf, givenFlags } from "./command.ts";
import { commandsOf, isBundlesProgram } from "./commands.ts";
import { addCompletionFlags, CompletionRequest } from "./completion/flags.ts";
import type { CliContext } from "./context.ts";
import { addGlobalFlags } from "./global_flags.ts";
import { Output } from "./output/writer.ts";
import { begin, openSession, type RunState } from "./run_state.ts";
import type { GlobalFlags } from "./settings/global.ts";
import { refuseEmpty } from "./usage_error.ts";

/** Runs the command that a line names, or shows the help that is asked for. */
export async function runProgram(
  args: readonly string[],
  context: CliContext,
  state: RunState,
): Promise<void> {
  const program = createProgram(context, state);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    state.flags = program.opts();
    if (error instanceof VersionRequest) {
      const { version } = BUILD_INFO;
      return new Output(context, state.flags.json ?? false).result({ version }, version);
    }
    if (error instanceof CompletionRequest) return await answer(error, context, state.flags);
    if (!(error instanceof HelpRequest)) throw error;
    if (!state.flags.json) return error.show();
    const { describeProgram } = await import("./describe.ts");
    new Output(context, true).document(await describeProgram(error.command));
  }
}

/** Shows or installs the completion of the shell. */
async function answer(
  request: CompletionRequest,
  context: CliContext,
  { json = false }: GlobalFlags,
): Promise<void> {
  const { answerCompletion } = await import("./completion/install.ts");
  await answerCompletion(request, context, new Output(context, json));
}

/** The program with all its commands. It keeps in `state` how far it comes. */
function createProgram(context: CliContext, state: RunState): Command {
  const root = rootCommand(context)
    .description(describe(context.programName))
    .option("-V, --version", "show the version");
  const program = addGlobalFlags(root) as unknown as Command;
  program.on("option:version", () => {
    throw new VersionRequest("the version");
  });
  if (isBundlesProgram(context.programName)) addCompletionFlags(program);
  program.hook("preSubcommand", (_program, command) => {
    state.flags = program.opts();
    // A command of bundles is not the command of models that has its name.
    state.command = isBundlesProgram(context.programName) ? "bundle" : command.name();
  });
  addCommands(program, commandsOf(context.programName), () => openSession(state, context));
  program.hook("preAction", async (_program, command) => {
    refuseEmpty(command as Command);
    const [, ...words] = commandWords(command as Command).split(" ");
    const flags = { known: flagsOf(command as Command), given: givenFlags(command as Command) };
    await begin(state, context, words, flags);
  });
  return program;
}

function describe(programName: string): string {
  return isBundlesProgram(programName)
    ? "Publish bundles of files by role, and materialize them."
    : "Package machine-learning models as OCI artifacts, and move them.";
}
