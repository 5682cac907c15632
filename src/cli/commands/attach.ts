/** `attach`: adds a file to an artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { addDryRun, moveModels } from "../dry_run.ts";
import { addMirror, addTransfer, nydusify, quiet, refuseNydusify } from "../options.ts";
import type { Session } from "../session.ts";
import { sourceDateEpoch } from "../settings/global.ts";

export function configure(command: Command, session: Session): void {
  addDryRun(addMirror(addTransfer(
    command
      .argument("<file>", "the file to add")
      .requiredOption("-s, --source <reference>", "the artifact that is extended")
      .requiredOption("-t, --target <reference>", "name of the extended artifact")
      .option("-d, --destination-dir <folder>", "folder of the file in the model")
      .option("-f, --force", "replace a file that the artifact has already")
      .option("--output-remote", "read from the registry and write to it, not to the local store")
      .option("--raw", "the file as it is; --raw=false makes a tar layer", true)
      .option("--config", "replace the configuration by the file, and add no layer")
      .option("--no-creation-time", "keep the time of creation of the source")
      .addOption(quiet(command)),
  )))
    .addOption(nydusify(command))
    .action(async (file, { nydusify, creationTime, quiet, dryRun, ...flags }) => {
      refuseNydusify(nydusify);
      await moveModels(session, {
        work: (models, options) =>
          models.attach(file, {
            ...options,
            ...flags,
            noCreationTime: creationTime === false,
            sourceDateEpoch: sourceDateEpoch(session.context.env),
          }),
        report: (result) => {
          const text = `Successfully attached model artifact: ${flags.target}`;
          session.output.artifact(result, { text, quiet });
        },
        dryRun,
        quiet,
      });
    });
}
