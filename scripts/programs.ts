/** Programs that scripts run to their end. @module */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** A program ended with another code than 0. */
export class FailedProgram extends Error {
  /** All that it printed. */
  readonly said: string;

  constructor(command: string, code: number, said: string) {
    super(`Cannot run "${command}": exit code ${code}\n${said}`);
    this.said = said;
  }
}

/** How a program is run. */
export interface RunOptions {
  /** Working directory; the root of this tree when absent. */
  readonly cwd?: string;
  /** Variables, added to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program and returns its standard output.
 * @throws {FailedProgram} with all that it printed when it fails.
 */
export async function outputOf(
  program: string,
  args: readonly string[],
  { cwd = root, env = {} }: RunOptions = {},
): Promise<string> {
  const decoder = new TextDecoder();
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1", ...env },
  }).output();
  if (code === 0) return decoder.decode(stdout);
  const said = (decoder.decode(stderr) + decoder.decode(stdout)).trim();
  throw new FailedProgram(`${program} ${args.join(" ")}`, code, said);
}
