/** `push`: sends an artifact to its registry. @module */
import type { Command } from "../../deps/commander.ts";
import { addTransfer, nydusify, quiet, refuseNydusify } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addTransfer(command.argument("<target>", "name of the artifact").addOption(quiet(command)))
    .addOption(nydusify(command))
    .action(async (target, { nydusify, quiet, ...flags }) => {
      refuseNydusify(nydusify);
      const models = await session.models();
      const result = await session.operation(
        (options) => models.push(target, { ...options, ...flags }),
        { silent: quiet },
      );
      const text = `Successfully pushed model artifact: ${target}`;
      session.output.artifact(result, { text, quiet });
    });
}
