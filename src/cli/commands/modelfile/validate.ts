/** `modelfile validate`: finds everything that is wrong with a Modelfile. @module */
import { dirname, join, resolve } from "../../../core/runtime/path.ts";
import { statKind } from "../../../core/files.ts";
import type { Command } from "../../../deps/commander.ts";
import { collect } from "../../arguments.ts";
import { countOf, formatBytes } from "../../output/format.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("[file]", "the Modelfile, or its folder", "Modelfile")
    .option("--workspace <folder>", "folder with the model's files (default: the Modelfile's)")
    .option("--exclude <pattern>", "leave out files (gitignore syntax); repeatable", collect)
    .option("--follow-links", "follow links that leave the folder")
    .action(async (file, { workspace, ...flags }) => {
      const { context, output } = session;
      const given = resolve(context.cwd, file);
      const path = await statKind(given) === "folder" ? join(given, "Modelfile") : given;
      const guessed = workspace === undefined;
      const folder = guessed ? dirname(path) : resolve(context.cwd, workspace);
      const { checkModelfile } = await import("../../../model/modelfile/check.ts");
      const checked = await checkModelfile(path, folder, {
        ...session.quiet(),
        ...flags,
        guessed,
      });
      const { warnings, files: { length: files } } = checked;
      const bytes = checked.files.reduce((sum, { size }) => sum + size, 0);
      output.warnAll(warnings);
      output.result(
        { path, valid: true, files, bytes, warnings },
        `${file} is valid: ${countOf(files, "file")}, ${formatBytes(bytes)}`,
      );
    });
}
