/**
 * Questions to the person at the terminal.
 * @module
 */
import type { Prompts } from "../context.ts";

/** Prompts on standard error, so that standard output stays data. */
export function terminalPrompts(): Prompts {
  return { text: askText, secret: askSecret };
}

async function askText(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const { stdin, stderr } = (await import("node:process")).default;
  // The terminal edits the line and turns Ctrl-C into a signal; in raw mode the question never
  // ended.
  const reader = createInterface({ input: stdin, output: stderr, terminal: false });
  const closed = new Promise<never>((_resolve, reject) => {
    reader.once("close", () => reject(new DOMException("Interrupted", "AbortError")));
  });
  try {
    const answer = await Promise.race([reader.question(`${question} `, { signal }), closed]);
    return answer.trim();
  } catch (error) {
    throw interrupted(error);
  } finally {
    closed.catch(() => {});
    reader.close();
  }
}

async function askSecret(question: string, signal: AbortSignal): Promise<string> {
  const { password } = await import("../../deps/inquirer-password.ts");
  const { stderr } = (await import("node:process")).default;
  try {
    return await password({ message: question, toggleMask: false }, { output: stderr, signal });
  } catch (error) {
    throw interrupted(error);
  }
}

/** Ctrl-C comes out of prompts as errors of their own; to us they are aborts. */
function interrupted(error: unknown): unknown {
  const stopped = error instanceof Error &&
    ["AbortError", "AbortPromptError", "ExitPromptError"].includes(error.name);
  return stopped ? new DOMException("Interrupted", "AbortError") : error;
}
