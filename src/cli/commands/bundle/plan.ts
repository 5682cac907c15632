/** `bundle plan`: says where each file of a bundle goes. @module */
import type { Command } from "../../../deps/commander.ts";
import {
  type Decision,
  type PlacedFile,
  placedFiles,
  type StoragePlan,
} from "../../../bundle/publish/plan.ts";
import { planDocument } from "../../output/bundle_documents.ts";
import { externalLines, sizeOf, tableLines, textOf } from "../../output/bundle_text.ts";
import { countOf, formatBytes } from "../../output/format.ts";
import { objectStore, portable } from "../../options.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("[folder]", "folder with modelops.yaml", ".")
    .option("--external-preview", "show the addresses and tiers of external files")
    .addOption(portable(command))
    .addOption(objectStore(command))
    .action(async (workdir, { externalPreview = false, ...flags }) => {
      const width = session.context.stdout.columns();
      const bundles = await session.bundles(flags);
      const plan = await session.operation((options) =>
        bundles.plan(workdir, { ...options, ...flags })
      );
      session.output.warnAll(plan.inventory.warnings);
      session.output.result(
        planDocument(plan),
        textOf(describePlan(plan, { externalPreview, width })),
      );
    });
}

/** Paths and reasons give way on a narrow terminal. */
const YIELDING = new Map([[2, 10], [3, 7]]);

function describePlan(
  plan: StoragePlan,
  { externalPreview, width }: { readonly externalPreview: boolean; readonly width?: number },
): readonly string[] {
  const files = placedFiles(plan);
  const rows = files.map((
    { decision, size, path },
  ) => [decision.kind, formatBytes(size), path, decision.reason]);
  return [
    `Storage plan for ${plan.inventory.workdir}`,
    ...tableLines(rows, { width, yielding: YIELDING }),
    ...(externalPreview ? externalLines(files) : []),
    totalLine("Registry", ofKind(files, "registry")),
    totalLine("External", ofKind(files, "external")),
  ];
}

function ofKind(files: readonly PlacedFile[], kind: Decision["kind"]): readonly PlacedFile[] {
  return files.filter(({ decision }) => decision.kind === kind);
}

function totalLine(place: string, files: readonly PlacedFile[]): string {
  return `${place}: ${countOf(files.length, "file")}, ${formatBytes(sizeOf(files))}`;
}
