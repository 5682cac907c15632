/** `modelfile validate`: finds everything that is wrong with a Modelfile. @module */
import { dirname, resolve } from "node:path";
import type { Command } from "../../deps/commander.ts";
import { collect } from "../arguments.ts";
import { countOf, formatBytes } from "../output/format.ts";
import type { Session } from "../session.ts";

/** Gives the command its arguments, flags and action. */
export function configure(command: Command, session: Session): void {
  command
    .argument("[file]", "the Modelfile", "Modelfile")
    .option("--workspace <folder>", "folder with the model's files (default: the Modelfile's)")
    .option("--exclude <pattern>", "leave out files (gitignore syntax); repeatable", collect)
    .option("--follow-links", "follow links that leave the folder")
    .action(async (file, { workspace, ...flags }) => {
      const { context, output } = session;
      const path = resolve(context.cwd, file);
      const folder = workspace === undefined ? dirname(path) : resolve(context.cwd, workspace);
      const { files, bytes, warnings } = await context.services.checkModelfile(path, folder, {
        ...session.quiet(),
        ...flags,
      });
      for (const warning of warnings) output.warn(warning);
      output.result(
        { path, valid: true, files, bytes, warnings },
        `${file} is valid: ${countOf(files, "file")}, ${formatBytes(bytes)}`,
      );
    });
}
