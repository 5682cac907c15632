/** `bundle verify`: reads everything again. @module */
import { join, resolve } from "../../../core/runtime/path.ts";
import { quote, shellWord } from "../../../core/text.ts";
import type { Command } from "../../../deps/commander.ts";
import type { Provenance } from "../../../bundle/documents/provenance.ts";
import { formatBundleRef } from "../../../bundle/resolve/reference.ts";
import { pointerPath } from "../../../bundle/workspace/layout.ts";
import { pinnedRef, readProvenance } from "../../../bundle/workspace/provenance.ts";
import type { VerifiedFile, VerifyReport } from "../../../bundle/workspace/verify_report.ts";
import { IntegrityError, InvalidInputError } from "../../../core/errors.ts";
import { lstatIfExists, statKind } from "../../../core/files.ts";
import { textOf } from "../../output/bundle_text.ts";
import { FailedResult } from "../../output/failed_result.ts";
import { countOf, formatBytes } from "../../output/format.ts";
import { addReading, objectStore } from "../../options.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  addReading(
    command
      .argument("<folder|bundle>", "a materialized folder, or a bundle where it is stored")
      .option("--read-external", "read external files of a stored bundle too, not only their facts")
      .addOption(objectStore(command)),
  )
    .action(async (target, { readExternal, ...flags }) => {
      if (readExternal && await statKind(resolve(session.context.cwd, target)) === "folder") {
        throw new InvalidInputError(
          "Cannot use --read-external with a folder: of the external files in it all are read",
          {
            path: target,
            remedy: "leave out --read-external, or name a bundle where it is stored",
          },
        );
      }
      const bundles = await session.bundles(flags);
      const report = await session.operation((options) =>
        bundles.verify(target, { ...options, readExternal })
      );
      const document = { target, ...report };
      if (!report.ok) throw new FailedResult(await failureOf(report, target), document);
      session.output.result(document, textOf(describeReport(report, target)));
    });
}

function describeReport({ files, extra, bytes }: VerifyReport, target: string): readonly string[] {
  const pointers = files.filter(({ state }) => state === "pointer").length;
  const more = [
    ...(pointers === 0 ? [] : [`${pointers} external, not here`]),
    ...(extra.length === 0 ? [] : [`${extra.length} not of the bundle`]),
  ];
  return [
    `Verified ${target}`,
    [`Files: ${files.length - pointers} as they must be`, ...more].join(", "),
    `Read: ${formatBytes(bytes)}`,
  ];
}

async function failureOf(
  { files, missing, modified }: VerifyReport,
  target: string,
): Promise<IntegrityError> {
  const faults = files.filter(({ state }) => state === "missing" || state === "modified");
  const counts = [
    ...(missing.length === 0 ? [] : [`${countOf(missing.length, "file")} missing`]),
    ...(modified.length === 0 ? [] : [`${countOf(modified.length, "file")} modified`]),
  ];
  return new IntegrityError(`Cannot verify ${quote(target)}: ${counts.join(", ")}`, {
    path: target,
    problems: faults.map((file) => ({ message: faultText(file) })),
    ...(await statKind(target) === "folder" ? { remedy: await remedyOf(target, faults) } : {}),
  });
}

/** The command that brings back what a workspace lacks, where it is known what was asked for. */
async function remedyOf(folder: string, faults: readonly VerifiedFile[]): Promise<string> {
  const provenance = await readProvenance(folder);
  // Without that flag a pointer stays in the place of an external file that somebody changed.
  const external = await areExternal(folder, faults) ? ["--prefetch-external"] : [];
  const flags = ["--overwrite", ...external];
  if (provenance === undefined || provenance.ref.kind === "path") {
    return `materialize the bundle again with ${flags.join(" and ")}`;
  }
  const words = [formatBundleRef(pinnedRef(provenance)), folder, ...selectionFlags(provenance)];
  const command = ["modelops bundle materialize", ...words.map(shellWord), ...flags].join(" ");
  return `bring them back with \`${command}\``;
}

/** Whether one of the files has a pointer; there may be a hundred thousand of them. */
async function areExternal(folder: string, files: readonly VerifiedFile[]): Promise<boolean> {
  for (const { path } of files) {
    if (await lstatIfExists(join(folder, pointerPath(path)))) return true;
  }
  return false;
}

/** What makes the same choice among the files of a bundle. */
function selectionFlags({ role, selection = {} }: Provenance): readonly string[] {
  const { layers, include = [], exclude = [] } = selection;
  return [
    ...(layers === undefined ? ["--role", role] : ["--layers", layers.join(",")]),
    ...include.flatMap((pattern) => ["--include", pattern]),
    ...exclude.flatMap((pattern) => ["--exclude", pattern]),
  ];
}

function faultText({ path, state, reason }: VerifiedFile): string {
  return `${quote(path)}: ${state}${reason === undefined ? "" : `, ${reason}`}`;
}
