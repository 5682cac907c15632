/** What the program writes, for documents that are made of it. @module */
import { processContext } from "../../src/cli/process.ts";
import { run } from "../../src/cli/run.ts";

/**
 * The standard output of a command that succeeds, as in a pipe. Its context listens for interrupts:
 * a script that calls this ends by `Deno.exit()`.
 */
export async function programOutput(words: readonly string[]): Promise<string> {
  let text = "";
  const stdout = {
    write: (part: string) => void (text += part),
    isTerminal: false,
    columns: () => undefined,
  };
  const code = await run(words, { ...processContext(), programName: "modelops", stdout });
  if (code === 0) return text;
  throw new Error(`Cannot show the output of "${words.join(" ")}": exit code ${code}`);
}
