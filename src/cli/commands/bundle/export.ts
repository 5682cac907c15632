/** `bundle export`: packs a folder. @module */
import type { ExportResult } from "../../../bundle/archive/export.ts";
import type { FileChange } from "../../../bundle/workspace/changes.ts";
import { quote } from "../../../core/text.ts";
import type { Command } from "../../../deps/commander.ts";
import { InvalidInputError } from "../../../core/errors.ts";
import { exportDocument } from "../../output/bundle_documents.ts";
import { textOf } from "../../output/bundle_text.ts";
import { countOf } from "../../output/format.ts";
import { portable } from "../../options.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("<folder>", "folder to pack")
    .argument("[file]", "the archive (default: named after the folder, here)")
    .addOption(
      command.createOption(
        "--compression <form>",
        "compression (default: zstd, none for a name in .tar)",
      )
        .choices(["zstd", "none"] as const),
    )
    .option("--include-external", "pack external files that are here, not only their pointers")
    .option("--zstd-level <level>", "how hard zstd tries, 1 to 22 (default: 19)", zstdLevel)
    .addOption(portable(command))
    .action(async (workdir, dest, { compression, includeExternal = false, ...flags }) => {
      const form = compression ?? (dest?.endsWith(".tar") ? "none" : "zstd");
      if (form === "none" && flags.zstdLevel !== undefined) {
        throw new InvalidInputError("Cannot use --zstd-level: the archive is not compressed", {
          remedy: "leave out --zstd-level, or name an archive in .tar.zst",
        });
      }
      const bundles = await session.bundles();
      const result = await session.operation((options) =>
        bundles.exportArchive(workdir, {
          ...options,
          ...flags,
          dest,
          includeExternal,
          compression: form,
        })
      );
      warnOfChanges(session, workdir, result.comparison);
      const missing = result.pointersOnly.length;
      if (includeExternal && missing > 0) {
        session.output.warn(
          `${countOf(missing, "external file")} not in ${quote(workdir)}: ` +
            "only pointers were packed",
        );
      }
      session.output.result(
        exportDocument(result, { workdir, includeExternal }),
        textOf([
          `Exported ${workdir} to ${result.path}`,
          `External data: ${includeExternal ? "included" : "pointer files only"}`,
        ]),
      );
    });
}

/** Most changed files that a warning names. */
const SHOWN_CHANGES = 10;

/** Says on standard error that the archive is not the bundle, or that nobody can tell. */
function warnOfChanges(
  { output }: Session,
  workdir: string,
  comparison: ExportResult["comparison"],
): void {
  if (comparison?.kind === "unknown") {
    output.warn(`${quote(workdir)} could not be compared with its bundle: ${comparison.reason}`);
  }
  if (comparison?.kind !== "compared" || comparison.changes.length === 0) return;
  const { changes } = comparison;
  const more = changes.length - SHOWN_CHANGES;
  const count = countOf(changes.length, "file");
  output.warn(`${quote(workdir)} is not as it was materialized: ${count} changed`);
  for (const change of changes.slice(0, SHOWN_CHANGES)) output.note(changeLine(change));
  if (more > 0) output.note(`  and ${more} more; --json lists them all`);
}

function changeLine({ path, change, reason }: FileChange): string {
  return `  ${quote(path)}: ${change}${reason === undefined ? "" : `, ${reason}`}`;
}

function zstdLevel(text: string): number {
  const level = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0;
  if (level >= 1 && level <= 22) return level;
  throw new InvalidInputError(
    `Cannot use zstd level ${quote(text)}: it must be a whole number from 1 to 22`,
  );
}
