/**
 * A run of the program, from its arguments to its exit code.
 * @module
 */
import type { Command } from "../deps/commander.ts";
import { BUILD_INFO } from "./build_info.ts";
import { addCommands, isHelpShown, rootCommand } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { CliContext } from "./context.ts";
import { describeFailure, failureDocument, renderFailure } from "./failure.ts";
import { escapeControls } from "./format.ts";
import { isDebug } from "./log.ts";
import { Output } from "./output.ts";
import { Session } from "./session.ts";

/** Runs the command that the arguments name, and returns the exit code. It does not throw. */
export async function run(args: readonly string[], context: CliContext): Promise<number> {
  let begun: Begun | undefined;
  const program = createProgram(context, (session, command) => begun = { session, command });
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (isHelpShown(error)) return 0;
    const json = begun?.session.settings.json ?? args.includes("--json");
    return report(error, context, { json, ...begun });
  }
}

/** How far a run came: to a command, with its settings. */
interface Begun {
  readonly session: Session;
  readonly command: string;
}

/**
 * The program with all its commands.
 * @param onSession Told of session and command when the global flags have been read.
 */
function createProgram(
  context: CliContext,
  onSession: (session: Session, command: string) => void,
): Command {
  const root = rootCommand(context)
    .description("Package machine-learning models as OCI artifacts, and move them.")
    .version(BUILD_INFO.version, "-V, --version", "show the version")
    .option("--storage-dir <folder>", "the local store (default: ~/.modctl)")
    .option("--log-dir <folder>", "folder of the log file (default: logs in the local store)")
    .option("--log-level <level>", "error, warn, info or debug (default: info)")
    .option("--no-progress", "show no progress")
    .option("--json", "write results and errors as JSON")
    .option("--ca-file <file>", "trust the authorities of this PEM file as well")
    .option("--cert-file <file>", "certificate to show to registries (PEM)")
    .option("--key-file <file>", "key of that certificate (PEM)");
  addCommands(root as unknown as Command, COMMANDS, (command) => {
    const session = new Session(context, root.opts());
    onSession(session, command);
    return session;
  });
  return root as unknown as Command;
}

/** Reports a failure where it belongs, and returns its exit code. */
function report(
  error: unknown,
  context: CliContext,
  { json, session, command }: { readonly json: boolean } & Partial<Begun>,
): number {
  const { programName, signal } = context;
  const failure = describeFailure(error, { programName, signal, command });
  session?.log("error", failure.message, { kind: failure.kind });
  if (session !== undefined && isDebug(session.settings.logLevel)) {
    context.stderr.write(`${stackOf(error)}\n`);
  }
  if (json) new Output(context, true).document(failureDocument(failure));
  else context.stderr.write(renderFailure(failure));
  return failure.code;
}

/** The stacks of an error and of its causes. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  const lines = (error.stack ?? error.message).split("\n").map(escapeControls);
  return `${lines.join("\n")}${cause}`;
}
