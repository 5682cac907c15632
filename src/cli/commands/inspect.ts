/** `inspect`: describes an artifact. @module */
import type { Command } from "../../deps/commander.ts";
import { goJson } from "../../core/json.ts";
import { insecure, plainHttp, proxy } from "../options.ts";
import type { Session } from "../session.ts";

/** Gives the command its arguments, flags and action. */
export function configure(command: Command, session: Session): void {
  command
    .argument("<target>", "name of the artifact")
    .option("--remote", "ask the registry, not the local store")
    .option("--config", "show the configuration document")
    .addOption(plainHttp)
    .addOption(insecure)
    .addOption(proxy)
    .action(async (target, { config, ...flags }) => {
      const backend = await session.backend();
      const result = await backend.inspect(target, { ...session.quiet(), ...flags });
      // The same with --json: it is a document already, indented as scripts know it.
      const document = config ? result.config : result.view;
      session.output.document(goJson(document, "\t"));
    });
}
