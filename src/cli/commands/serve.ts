/** `serve`: the local store as a registry. @module */
import type { Command } from "../../deps/commander.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .option("--address <host:port>", "where to listen; port 0 takes a free one", "127.0.0.1:5000")
    .option("--read-only", "refuse everything that writes")
    .option("--htpasswd <file>", "ask for the users and passwords of this file (bcrypt)")
    .option("--allow-anonymous", "serve a public address without passwords")
    .action(async (flags) => {
      const { settings, output } = session;
      const { serveStore } = await import("../../library/serve.ts");
      const server = await serveStore(settings, { ...session.quiet(), ...flags });
      output.note(`Serving ${settings.storageDir} on http://${server.address}`);
      output.result({ address: server.address }, `ready ${server.address}`);
      await server.finished;
    });
}
