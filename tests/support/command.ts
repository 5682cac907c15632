/** Programs run to their end, with their output as text. @module */

/** What a program left behind. */
export interface CommandResult {
  /** Exit code; 128 plus the signal's number when a signal ended it. */
  readonly code: number;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

/** How a program is run. */
export interface CommandOptions {
  /** Working directory; the test's own when absent. */
  readonly cwd?: string;
  /** Environment variables, added to the test's own. */
  readonly env?: Record<string, string>;
  /** Text on standard input; nothing when absent. */
  readonly stdin?: string;
}

/** Runs a program to its end, whatever its exit code. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = startCommand(program, args, options);
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    feed(child.stdin, options.stdin ?? ""),
  ]);
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Starts a program; all its streams are pipes. */
export function startCommand(
  program: string,
  args: readonly string[],
  { cwd, env }: CommandOptions = {},
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...(cwd === undefined ? {} : { cwd }),
    env: { NO_COLOR: "1", ...env },
  }).spawn();
}

/** Runs a program to its end and throws with its output when it fails. */
export async function runOk(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await runCommand(program, args, options);
  if (result.code === 0) return result;
  throw new Error(
    `Cannot run "${program} ${
      args.join(" ")
    }": exit code ${result.code}\n${result.stderr}${result.stdout}`,
  );
}

async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    if (text !== "") await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A program may end without reading what it was given.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
