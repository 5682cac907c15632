/** `extract`: writes the files of a local artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { concurrency } from "../options.ts";
import { addWriting } from "../writing_options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addWriting(
    command
      .argument("<target>", "name of the artifact")
      .requiredOption("--output <folder>", "folder that receives the files")
      .addOption(concurrency(command)),
  )
    .action(async (target, { output, ...flags }) => {
      const models = await session.models();
      const result = await session.operation((options) =>
        models.extract(target, { ...options, ...flags, output })
      );
      session.output.result(result, `Successfully extracted model artifact ${target} to ${output}`);
    });
}
