/** `pull`: fetches an artifact. @module */
import { quote } from "../../core/text.ts";
import type { Command } from "../../deps/commander.ts";
import { InvalidInputError } from "../../core/errors.ts";
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
      if (flags.extractFromRemote && !flags.extractDir) {
        throw new InvalidInputError(
          `Cannot pull ${quote(target)}: --extract-from-remote needs --extract-dir`,
          { reference: target, remedy: "add `--extract-dir <folder>`" },
        );
      }
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
