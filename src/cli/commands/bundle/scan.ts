/** `bundle scan`: lists the files of a bundle. @module */
import type { Command } from "../../../deps/commander.ts";
import type { Inventory } from "../../../bundle/publish/scan.ts";
import { scanDocument } from "../../output/bundle_documents.ts";
import { modeText, sizeOf, tableLines, textOf } from "../../output/bundle_text.ts";
import { countOf, formatBytes } from "../../output/format.ts";
import { portable } from "../../options.ts";
import type { Session } from "../../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .argument("[folder]", "folder with modelops.yaml", ".")
    .addOption(portable(command))
    .action(async (workdir, flags) => {
      const bundles = await session.bundles();
      const inventory = await session.operation((options) =>
        bundles.scan(workdir, { ...options, ...flags })
      );
      session.output.warnAll(inventory.warnings);
      session.output.result(
        scanDocument(inventory),
        textOf(describeInventory(inventory, session.context.stdout.columns())),
      );
    });
}

/** Names of layers and paths give way on a narrow terminal. */
const YIELDING = new Map([[0, 6], [3, 10]]);

function describeInventory(
  { workdir, spec, layers }: Inventory,
  width?: number,
): readonly string[] {
  const files = layers.flatMap((layer) => layer.files);
  const rows = files.map((
    { layer, size, mode, path },
  ) => [layer, formatBytes(size), modeText(mode), path]);
  const totals = layers.map(({ name, files }) =>
    `Layer ${name}: ${countOf(files.length, "file")}, ${formatBytes(sizeOf(files))}`
  );
  return [
    `Scanned ${workdir}`,
    `Bundle: ${spec.name}:${spec.version}`,
    ...tableLines(rows, { width, yielding: YIELDING }),
    ...totals,
    `Total: ${countOf(files.length, "file")}, ${formatBytes(sizeOf(files))}`,
  ];
}
