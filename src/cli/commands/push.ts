/** `push`: sends an artifact to its registry. @module */
import type { Command } from "../../deps/commander.ts";
import { addTransfer, noteIgnored, nydusify } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addTransfer(command.argument("<target>", "name of the artifact"))
    .addOption(nydusify)
    .action(async (target, { nydusify, ...flags }) => {
      noteIgnored(session.output, "--nydusify", nydusify);
      const models = await session.models();
      const result = await session.operation((options) =>
        models.push(target, { ...options, ...flags })
      );
      session.output.result(result, `Successfully pushed model artifact: ${target}`);
    });
}
