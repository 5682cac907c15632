/** `push`: sends an artifact to its registry. @module */
import type { Command } from "../../deps/commander.ts";
import { concurrency, insecure, noteIgnored, nydusify, plainHttp, proxy } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("<target>", "name of the artifact")
    .addOption(concurrency)
    .addOption(plainHttp)
    .addOption(insecure)
    .addOption(proxy)
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
