/** `diff`: compares two models. @module */
import type { Command } from "../../deps/commander.ts";
import { addReading } from "../options.ts";
import { EXIT_CODES } from "../output/exit_codes.ts";
import { diffLines } from "../output/model_diff.ts";
import { Verdict } from "../output/verdict.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addReading(
    command
      .argument("<from>", "name of a model, in the local store or in a registry")
      .argument("<to>", "name of the model that it is compared with")
      .option("--remote", "ask the registries, also for models of the local store")
      .option("--tensors", "compare tensor by tensor: bytes where both are here, else all headers")
      .option("--exit-code", "end with 1 when they differ"),
  )
    .action(async (from, to, { exitCode, ...flags }) => {
      const models = await session.models();
      const diff = await session.operation((options) =>
        models.diff(from, to, { ...options, ...flags })
      );
      session.output.result(diff, diffLines(diff));
      const { unlisted, unread } = diff.tensors ?? { unlisted: [], unread: [] };
      if (unlisted.length + unread.length > 0) throw new Verdict(EXIT_CODES.unsupported);
      if (exitCode && !diff.same) throw new Verdict(1);
    });
}
