/** `bundle push`: publishes the bundle of a working directory. @module */
import type { Command } from "../../../deps/commander.ts";
import { BUMP_KINDS } from "../../../bundle/spec/bump.ts";
import { placedFiles } from "../../../bundle/publish/plan.ts";
import type { PublishResult } from "../../../bundle/publish/push.ts";
import { collect } from "../../arguments.ts";
import { publishDocument } from "../../output/bundle_documents.ts";
import { externalLines, sizeOf, textOf } from "../../output/bundle_text.ts";
import { FailedResult } from "../../output/failed_result.ts";
import { formatBytes } from "../../output/format.ts";
import { addAccess, concurrency, objectStore, portable } from "../../options.ts";
import type { Session } from "../../session.ts";
import { REGISTRY_REMEDY } from "../../settings/remedies.ts";

export function configure(command: Command, session: Session): void {
  addAccess(
    command
      .argument("[folder]", "folder with modelops.yaml", ".")
      .addOption(
        command.createOption(
          "--bump <part>",
          "publish the next version, and write it into modelops.yaml",
        )
          .choices(BUMP_KINDS),
      )
      .option("--tag <tag>", "one more tag beside the version; repeatable", collect)
      .option("--force", "move tags that name another bundle")
      .option("--dry-run", "only say what would happen, and where external files would go")
      .addOption(portable(command))
      .addOption(objectStore(command))
      .addOption(concurrency(command)),
  )
    .action(async (workdir, { tag: tags, ...flags }) => {
      const bundles = await session.bundles(flags);
      const result = await session.operation((options) =>
        bundles.push(workdir, { ...options, ...flags, tags })
      );
      const lines = describePush(result, { workdir, bump: flags.bump });
      if (result.noRoom !== undefined) {
        if (!session.settings.json) session.output.text(textOf(lines));
        throw new FailedResult(result.noRoom, publishDocument(result));
      }
      session.output.result(publishDocument(result), textOf(lines));
      note(session, result);
    });
}

function describePush(
  result: PublishResult,
  { workdir, bump }: { readonly workdir: string; readonly bump?: string },
): readonly string[] {
  const { reference, digest, dryRun, previousVersion, version } = result;
  const files = placedFiles(result.plan);
  const external = files.filter(({ decision }) => decision.kind === "external").length;
  const more = external === 0 ? "" : `, ${external} external`;
  return [
    dryRun ? `Would push bundle ${reference}` : `Pushed bundle ${reference}`,
    `Manifest digest: ${digest}`,
    `Files: ${files.length} total${more}`,
    `Size: ${formatBytes(sizeOf(files))}`,
    `Tags: ${result.tags.join(", ")}`,
    ...(bump === undefined ? [] : [`Version bump: ${bump} (${previousVersion} -> ${version})`]),
    ...(dryRun ? externalLines(files) : [`Successfully pushed bundle from ${workdir}`]),
  ];
}

function note({ output }: Session, result: PublishResult): void {
  if (result.upToDate) output.note("The tags named this very bundle before");
  if (result.isLocal) {
    const where = "the bundle stays in the local store of this machine";
    output.note(`note: no registry is set: ${where}; ${REGISTRY_REMEDY}`);
  }
  if (result.dryRun) return;
  for (const [place, done, { copied, skipped, bytes }] of moved(result)) {
    output.note(`${place}: ${copied} ${done} (${formatBytes(bytes)}), ${skipped} there before`);
  }
}

function moved({ registry, external, isLocal }: PublishResult) {
  const { copied, skipped } = external;
  return [
    isLocal
      ? ["Local store", "written", registry] as const
      : ["Registry", "sent", registry] as const,
    ...(copied + skipped > 0 ? [["External storage", "sent", external] as const] : []),
  ];
}
