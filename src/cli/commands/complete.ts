/** `__complete`: what a command line may go on with. @module */
import type { Command } from "../../deps/commander.ts";
import { complete } from "../completion/candidates.ts";
import { escapeControls } from "../output/format.ts";
import type { Session } from "../session.ts";
import { resolveSettings } from "../settings/global.ts";

export function configure(command: Command, session: Session): void {
  const { context } = session;
  command
    .argument("[word...]", "the words after the program's name; the last is the one to complete")
    .option("--new-word", "the word to complete is one more, which is empty yet")
    .option("--no-descriptions", "leave out what the words mean")
    .action(async (words, { newWord, descriptions }) => {
      const { kind, candidates } = await complete(
        command.parent as Command,
        newWord ? [...words, ""] : words,
        (flags) => localReferences(session, flags),
      );
      const lines = candidates.map(({ value, summary }) =>
        [value, descriptions === false ? "" : summary].filter((text) => text !== "").map(
          escapeControls,
        ).join(
          "\t",
        )
      );
      context.stdout.write([kind, ...lines, ""].join("\n"));
    });
}

/** The artifacts of the local store, or of the one that the line names. */
async function localReferences(
  { context, settings }: Session,
  { storageDir }: { readonly storageDir?: string },
): Promise<string[]> {
  const chosen = storageDir === undefined ? settings : resolveSettings({ storageDir }, context);
  const { openModels } = await import("../../library/models.ts");
  const { models } = await (await openModels(chosen)).list({ signal: context.signal });
  return models.map(({ repository, tag }) => `${repository}:${tag}`);
}
