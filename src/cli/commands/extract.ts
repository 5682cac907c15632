/** `extract`: writes the files of a local artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { addDryRun, moveModels } from "../dry_run.ts";
import { concurrency } from "../options.ts";
import { addWriting } from "../writing_options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addDryRun(addWriting(
    command
      .argument("<target>", "name of the artifact")
      .requiredOption("--output <folder>", "folder that receives the files")
      .addOption(concurrency(command)),
  ))
    .action(async (target, { output, dryRun, ...flags }) => {
      await moveModels(session, {
        work: (models, options) => models.extract(target, { ...options, ...flags, output }),
        report: (result) => {
          const text = `Successfully extracted model artifact ${target} to ${output}`;
          session.output.result(result, text);
        },
        dryRun,
      });
    });
}
