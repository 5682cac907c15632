/** `push`: sends an artifact to its registry. @module */
import type { Command } from "../../deps/commander.ts";
import { addDryRun, moveModels } from "../dry_run.ts";
import { addTransfer, nydusify, quiet, refuseNydusify } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addDryRun(
    addTransfer(command.argument("<target>", "name of the artifact").addOption(quiet(command))),
  )
    .addOption(nydusify(command))
    .action(async (target, { nydusify, quiet, dryRun, ...flags }) => {
      refuseNydusify(nydusify);
      await moveModels(session, {
        work: (models, options) => models.push(target, { ...options, ...flags }),
        report: (result) => {
          const text = `Successfully pushed model artifact: ${target}`;
          session.output.artifact(result, { text, quiet });
        },
        dryRun,
        quiet,
      });
    });
}
