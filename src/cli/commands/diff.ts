/** `diff`: compares two models. @module */
import type { Command } from "../../deps/commander.ts";
import { listed } from "../../core/text.ts";
import { addReading } from "../options.ts";
import { EXIT_CODES } from "../output/exit_codes.ts";
import { unlistedText } from "../output/card/unlisted.ts";
import { diffLines } from "../output/model_diff.ts";
import { Verdict } from "../output/verdict.ts";
import type { Session } from "../session.ts";

/** The most files that are named. */
const MOST_NAMED = 10;

function unreadText(files: readonly string[]): string {
  return `Not all is compared: of ${listed(files, MOST_NAMED)} not everything was read ` +
    "(pull both models, and compare them here)";
}

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
      const { unlisted = [], unread = [] } = diff.tensors ?? {};
      const missing = [...new Set([...unread, ...diff.unread])];
      if (missing.length > 0) session.output.warn(unreadText(missing));
      if (unlisted.length > 0) session.output.warn(unlistedText(unlisted));
      if (unlisted.length + missing.length > 0) throw new Verdict(EXIT_CODES.unsupported);
      if (exitCode && !diff.same) throw new Verdict(1);
    });
}
