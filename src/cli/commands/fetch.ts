/** `fetch`: writes some files of an artifact in a registry into a folder. @module */
import type { Command } from "../../deps/commander.ts";
import { collectPatterns } from "../arguments.ts";
import { addDryRun, moveModels } from "../dry_run.ts";
import { addDragonfly, addMirror, addTransfer } from "../options.ts";
import { addWriting } from "../writing_options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addDryRun(addDragonfly(addWriting(addMirror(addTransfer(
    command
      .argument("<target>", "name of the artifact")
      .requiredOption("--output <folder>", "folder that receives the files")
      .requiredOption(
        "--patterns <list>",
        "patterns of paths, as '*.json' or 'sub/**'; repeatable, or between commas",
        collectPatterns,
      ),
  )))))
    .action(async (target, { dryRun, ...flags }) => {
      await moveModels(session, {
        work: (models, options) => models.fetch(target, { ...options, ...flags }),
        report: (result) =>
          session.output.result(result, `Successfully fetched model artifact: ${target}`),
        dryRun,
      });
    });
}
