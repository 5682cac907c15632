/** `fetch`: writes some files of an artifact in a registry into a folder. @module */
import type { Command } from "../../deps/commander.ts";
import { collectPatterns } from "../arguments.ts";
import { addDragonfly, addMirror, addTransfer } from "../options.ts";
import { addWriting } from "../writing_options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addDragonfly(addWriting(addMirror(addTransfer(
    command
      .argument("<target>", "name of the artifact")
      .requiredOption("--output <folder>", "folder that receives the files")
      .requiredOption(
        "--patterns <list>",
        "patterns of paths, as '*.json' or 'sub/**'; repeatable, or between commas",
        collectPatterns,
      ),
  ))))
    .action(async (target, flags) => {
      const models = await session.models();
      const result = await session.operation((options) =>
        models.fetch(target, { ...options, ...flags })
      );
      session.output.result(result, `Successfully fetched model artifact: ${target}`);
    });
}
