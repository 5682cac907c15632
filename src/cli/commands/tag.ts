/** `tag`: one more name for an artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { addReading } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addReading(
    command
      .argument("<source>", "name of an artifact, in the local store or else in its registry")
      .argument("<target>", "the new name"),
  )
    .action(async (source, target, flags) => {
      const models = await session.models();
      await session.operation((options) => models.tag(source, target, { ...options, ...flags }));
      session.output.result({ source, target }, "");
    });
}
