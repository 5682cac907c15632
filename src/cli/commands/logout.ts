/** `logout`: forgets the login of a registry. @module */
import type { Command } from "../../deps/commander.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("<registry>", "host of the registry, with port where it has one")
    .action(async (registry) => {
      const logins = await session.logins();
      const files = await logins.logout(registry, session.quiet());
      const removed = files.length > 0;
      if (!removed) session.output.note(`note: there was no login for ${registry}`);
      session.output.result({ registry, removed, files }, "Logout Succeeded.");
    });
}
