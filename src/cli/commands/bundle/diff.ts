/** `bundle diff`: compares two bundles, folders or archives. @module */
import type { Command } from "../../../deps/commander.ts";
import type { BundleDiff, ModifiedFile } from "../../../bundle/compare/diff.ts";
import { diffDocument } from "../../output/bundle_documents.ts";
import { textOf } from "../../output/bundle_text.ts";
import { formatBytes } from "../../output/format.ts";
import { endCut } from "../../output/verdict.ts";
import { addReading } from "../../options.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  addReading(
    command
      .argument("<from>", "bundle, folder or archive")
      .argument("[to]", "bundle, folder or archive to compare it with", "."),
  )
    .action(async (from, to, flags) => {
      const bundles = await session.bundles(flags);
      const diff = await session.operation((options) => bundles.diff(from, to, options));
      session.output.result(diffDocument(diff), textOf(describeDiff(diff)));
      endCut(diff.unread);
    });
}

function describeDiff(diff: BundleDiff): readonly string[] {
  const { added, modified, removed, unchanged, unread } = diff;
  return [
    `Diff from ${diff.from} to ${diff.to}`,
    ...added.map(({ path, size }) => `+ ${path} (${formatBytes(size)})`),
    ...modified.map((file) => `~ ${file.path} (${changeOf(file)})`),
    ...removed.map(({ path, size }) => `- ${path} (${formatBytes(size)})`),
    `${added.length} added, ${modified.length} modified, ${removed.length} removed, ` +
    `${unchanged.length} unchanged${unread.length === 0 ? "" : `, ${unread.length} not compared`}`,
  ];
}

function changeOf({ from, to }: ModifiedFile): string {
  if (from.sha256 === to.sha256) return "executable bit";
  return `${formatBytes(from.size)} -> ${formatBytes(to.size)}`;
}
