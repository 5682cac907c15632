/** `bundle import`: unpacks an archive. @module */
import type { Command } from "../../../deps/commander.ts";
import type { ImportResult } from "../../../bundle/archive/import.ts";
import { importDocument } from "../../output/bundle_documents.ts";
import { textOf } from "../../output/bundle_text.ts";
import { portable } from "../../options.ts";
import { addArchiveLimits } from "../../writing_options.ts";
import { countOf, formatBytes } from "../../output/format.ts";
import type { Session } from "../../session.ts";
import {
  countsText,
  fileLines,
  reportPlan,
  roomLines,
  withConflicts,
} from "../../output/workspace_report.ts";

export function configure(command: Command, session: Session): void {
  addArchiveLimits(
    command
      .argument("<file>", "the archive: a tar, also in zstd or gzip")
      .argument("<folder>", "folder that receives the files")
      .option("--overwrite", "replace what is in the way")
      .option("--dry-run", "only say what would happen")
      .addOption(portable(command)),
  )
    .action(async (archive, dest, flags) => {
      const bundles = await session.bundles();
      const result = await withConflicts(() =>
        session.operation((options) =>
          bundles.importArchive(archive, { ...options, ...flags, dest })
        )
      );
      report(session, result, archive);
    });
}

function report(session: Session, result: ImportResult, archive: string): void {
  const { created, replaced, kept, conflicts, destPath: dest, files, noRoom } = result;
  const document = importDocument(result, archive);
  if (result.dryRun) {
    const conflict = files.filter(({ action }) => action === "conflict").length;
    const counts = {
      "to create": created,
      "to replace": replaced,
      "to keep": kept,
      "in conflict": conflict,
    };
    const title = `Would import ${archive} to ${dest}`;
    const sums = [`Files: ${countsText(counts)}`, ...roomLines(result)];
    const lines = [...fileLines(files, session.context.stdout.columns()), title, ...sums];
    return reportPlan(session, { dest, conflicts, noRoom, document, lines });
  }
  session.output.result(document, textOf([`Imported ${archive} to ${dest}`]));
  const counts = countsText({ created, replaced, kept });
  session.output.note(`Files: ${counts}; ${formatBytes(result.bytesWritten)} written`);
  const missing = result.pointersOnly.length;
  if (missing > 0) session.output.note(`${countOf(missing, "external file")} not in the archive`);
}
