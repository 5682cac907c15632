/** `version`: what this program is. @module */
import type { Command } from "../../deps/commander.ts";
import { BUILD_INFO } from "../build_info.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .allowExcessArguments()
    .action(() => {
      const { version, commit, buildTime } = BUILD_INFO;
      const document = { version, commit, buildTime, platform: session.context.platform };
      const lines = [
        ["Version:", document.version],
        ["Commit:", document.commit],
        ["Platform:", document.platform],
        ["BuildTime:", document.buildTime],
      ].map(([label = "", value]) => `${label.padEnd(12)}${value}`);
      session.output.result(document, lines.join("\n"));
    });
}
