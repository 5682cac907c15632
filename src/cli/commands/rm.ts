/** `rm`: removes an artifact from the local store. @module */
import type { Command } from "../../deps/commander.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("<target>", "name of the artifact, with a tag or a digest")
    .action(async (target) => {
      const models = await session.models();
      const result = await models.remove(target, session.quiet());
      session.output.result(result, `Deleted: ${result.removed}`);
    });
}
