/** The flags of a program that show and install its completion. @module */
import type { Command } from "../../deps/commander.ts";

/** A wish on the command line that ends the run, as help does. */
export class CompletionRequest extends Error {
  readonly action: "show" | "install";
  /** The shell, where one is named. */
  readonly shell: string | undefined;

  constructor(action: "show" | "install", shell: string | undefined) {
    super(`${action} completion`);
    this.action = action;
    this.shell = shell;
  }
}

/** Adds the flags, which act as soon as they are read. */
export function addCompletionFlags(program: Command): void {
  for (const action of ["install", "show"] as const) {
    program
      .option(`--${action}-completion [shell]`, `${action} completion for the shell, and exit`)
      .on(`option:${action}-completion`, (shell: string | null) => {
        throw new CompletionRequest(action, shell ?? undefined);
      });
  }
}
