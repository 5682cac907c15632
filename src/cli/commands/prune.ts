/** `prune`: frees what nothing names any more. @module */
import type { Command } from "../../deps/commander.ts";
import type { PruneResult } from "../../model/operations.ts";
import { countOf, formatBytes } from "../output/format.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .option("--dry-run", "only say what would be removed")
    .option(
      "--remove-untagged",
      "remove artifacts that no tag names; --remove-untagged=false keeps them",
      true,
    )
    .action(async (flags) => {
      const models = await session.models();
      const result = await session.operation((options) => models.prune({ ...options, ...flags }));
      session.output.result(result, describePruning(result));
    });
}

/** What was removed, one line each, and what that frees. */
function describePruning(result: PruneResult): string {
  const removed = result.dryRun ? "Would delete" : "Deleted";
  const counts = [
    countOf(result.manifests.length, "manifest"),
    countOf(result.blobs.length, "blob"),
    countOf(result.uploads, "unfinished upload"),
  ];
  return [
    ...result.manifests.map((manifest) => `${removed} manifest ${manifest}`),
    ...result.blobs.map(({ digest, size }) => `${removed} blob ${digest} (${formatBytes(size)})`),
    `${result.dryRun ? "Would free" : "Freed"} ${formatBytes(result.bytes)}: ${counts.join(", ")}`,
  ].join("\n");
}
