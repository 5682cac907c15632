/** `pull`: fetches an artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { addDryRun, moveModels } from "../dry_run.ts";
import { addDragonfly, addMirror, addTransfer, quiet } from "../options.ts";
import { addWriting } from "../writing_options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addDryRun(addDragonfly(addWriting(addMirror(addTransfer(
    command
      .argument("<target>", "name of the artifact")
      .option("--extract-dir <folder>", "write the files into this folder as well")
      .option("--extract-from-remote", "write only the files, nothing into the local store")
      .addOption(quiet(command)),
  )))))
    .action(async (target, { quiet, dryRun, ...flags }) => {
      await moveModels(session, {
        work: (models, options) => models.pull(target, { ...options, ...flags }),
        report: (result) => {
          const text = `Successfully pulled model artifact: ${target}`;
          session.output.artifact(result, { text, quiet });
        },
        dryRun,
        quiet,
      });
    });
}
