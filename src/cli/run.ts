/**
 * A run of the program, from its arguments to its exit code.
 * @module
 */
import { commandsOf } from "./commands.ts";
import type { CliContext } from "./context.ts";
import { firstFailure } from "../core/errors.ts";
import { FailedResult } from "./output/failed_result.ts";
import { Verdict } from "./output/verdict.ts";
import { escapeControls } from "./output/format.ts";
import { isDebug } from "./output/log.ts";
import { type ColorChoice, type Paint, paintFor } from "./output/paint.ts";
import { Output } from "./output/writer.ts";
import { begin, close, openSession, type RunState } from "./run_state.ts";
import { colorChoice } from "./settings/global.ts";
import { readUsualLine } from "./usual/line.ts";

/** Runs the command that the arguments name, and returns the exit code. It does not throw. */
export async function run(args: readonly string[], context: CliContext): Promise<number> {
  const state: RunState = { flags: {} };
  try {
    await using _opened = { [Symbol.asyncDispose]: () => close(state) };
    const done = runLine(args, context, state);
    await Promise.race([done, context.fault ?? done]);
    return 0;
  } catch (thrown) {
    const error = firstFailure(thrown);
    if (error instanceof Verdict) return error.code;
    return await report(error, args, context, state);
  }
}

/** Runs what the arguments name; what parses all that can be said is loaded where it is needed. */
async function runLine(
  args: readonly string[],
  context: CliContext,
  state: RunState,
): Promise<void> {
  const rows = commandsOf(context.programName);
  const usual = await readUsualLine(args, rows, (flags, name) => {
    Object.assign(state, { flags, command: name });
    return openSession(state, context);
  });
  if (usual === undefined) {
    const { runProgram } = await import("./program.ts");
    return await runProgram(args, context, state);
  }
  await begin(state, context, [usual.name], usual);
  await usual.run();
}

/** Reports a failure where it belongs, and returns its exit code. */
async function report(
  thrown: unknown,
  args: readonly string[],
  context: CliContext,
  { flags: { color, storageDir }, session, command, commandFlags }: RunState,
): Promise<number> {
  const { programName, signal } = context;
  const json = session?.settings.json ?? args.includes("--json");
  const { failure, document } = thrown instanceof FailedResult
    ? thrown
    : { failure: thrown, document: {} };
  const error = firstFailure(failure);
  const { interruptedAt } = session ?? {};
  const { describeFailure, failureDocument, renderFailure, suggestionsFor } = await import(
    "./output/failure.ts"
  );
  const suggestions = await suggestionsFor(error);
  const described = describeFailure(error, {
    programName,
    signal,
    command,
    interruptedAt,
    suggestions,
    flags: commandFlags?.known,
    given: commandFlags?.given,
    storageDir,
  });
  session?.log("error", described.message, { kind: described.kind });
  if (session !== undefined && isDebug(session.settings.logLevel)) {
    context.stderr.write(`${stackOf(error)}\n`);
  }
  const documents = { ...failureDocument(described), ...document };
  if (!json || !isWritten(documents, context)) {
    context.stderr.write(renderFailure(described, paintOf(color, context)));
  }
  return described.code;
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
