/** `prune`: frees what nothing names any more. @module */
import type { Command } from "../../deps/commander.ts";
import { duration, parseBytes } from "../arguments.ts";
import type { PruneResult } from "../../model/operations/keeping.ts";
import { countOf, escapeControls, formatAge, formatBytes } from "../output/format.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .option("--dry-run", "only say what would be removed")
    .option(
      "--remove-untagged",
      "remove artifacts that no tag names; --remove-untagged=false keeps them",
      true,
    )
    .addOption(
      command.createOption(
        "--unused-for <time>",
        "forget what was pulled, and not asked for since so long, as 720h",
      ).argParser(duration("--unused-for")),
    )
    .addOption(
      command.createOption(
        "--max-bytes <size>",
        "forget what was pulled, the longest unused first, until the store is no larger, as 500GiB",
      ).argParser((text) => parseBytes(text, "--max-bytes")),
    )
    .action(async (flags) => {
      const models = await session.models();
      const result = await session.operation((options) => models.prune({ ...options, ...flags }));
      session.output.result(result, describePruning(result, session.context.now()));
    });
}

/** What was removed, one line each, and what that frees. */
function describePruning(result: PruneResult, now: Date): string {
  const removed = result.dryRun ? "Would delete" : "Deleted";
  const counts = [
    countOf(result.manifests.length, "manifest"),
    countOf(result.blobs.length, "blob"),
    countOf(result.uploads, "unfinished upload"),
  ];
  const forgot = result.dryRun ? "Would forget" : "Forgot";
  return [
    ...result.forgotten.map((name) => `${forgot} ${escapeControls(name)}`),
    ...result.manifests.map((manifest) => `${removed} manifest ${manifest}`),
    ...result.blobs.map(({ digest, size }) => `${removed} blob ${digest} (${formatBytes(size)})`),
    ...result.unfinished.map((content) => describeUnfinished(content, removed, now)),
    `${result.dryRun ? "Would free" : "Freed"} ${formatBytes(result.bytes)}: ${counts.join(", ")}`,
  ].join("\n");
}

/** Partial data of a repository: how much, how old, and when it goes. */
function describeUnfinished(
  { repository, bytes, lastWritten, freedFrom, removed }: PruneResult["unfinished"][number],
  done: string,
  now: Date,
): string {
  const age = formatAge(new Date(lastWritten), now);
  const data = `partial data of ${escapeControls(repository)} (${
    formatBytes(bytes)
  }, written ${age})`;
  if (removed) return `${done} ${data}`;
  return `Kept ${data}: prune frees it ${formatAge(new Date(freedFrom), now)}`;
}
