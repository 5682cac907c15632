/** `bundle`: the commands about bundles. @module */
import type { Command } from "../../deps/commander.ts";
import { BUNDLE_COMMANDS } from "../bundle_commands.ts";
import { addCommands } from "../command.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addCommands(command, BUNDLE_COMMANDS, () => session);
}
