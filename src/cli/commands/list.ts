/** `list`: the artifacts of the local store. @module */
import type { Command } from "../../deps/commander.ts";
import { formatListing } from "../output/listing.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .action(async () => {
      const { stdout, now } = session.context;
      const models = await session.models();
      const result = await models.list(session.quiet());
      for (const warning of result.warnings) session.output.warn(warning);
      session.output.result(result, formatListing(result.models, stdout, now()));
    });
}
