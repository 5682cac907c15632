/**
 * How bundles are shown to people.
 * @module
 */
import type { PlacedFile } from "../../bundle/publish/plan.ts";
import { columnsOf, fitMiddle } from "./columns.ts";
import { alignColumns, type Row, type TableOptions } from "./table.ts";
import { escapeControls } from "./format.ts";

/** Lines of text; what came from outside cannot start a line of its own. */
export function textOf(lines: readonly string[]): string {
  return lines.map(escapeControls).join("\n");
}

/** Rows as aligned lines, cut to a width where columns yield; no row, no line. */
export function tableLines(
  rows: readonly Row[],
  fitting: Pick<TableOptions, "width" | "yielding"> = {},
): readonly string[] {
  if (rows.length === 0) return [];
  return alignColumns(rows.map((row) => row.map(escapeControls)), {
    ...fitting,
    gap: "  ",
    letters: { columnsOf, fitMiddle },
  }).split("\n");
}

/** Names give way on a narrow terminal. */
const YIELDING = new Map([[2, 10]]);

/** A line for each of what a run would do: the action, a size, and a name. */
export function actionLines(
  rows: readonly (readonly [action: string, size: string, name: string])[],
  width?: number,
): readonly string[] {
  return tableLines(rows, { width, yielding: YIELDING });
}

/** Where external files go: their addresses and tiers, and their paths where they are files. */
export function externalLines(files: readonly PlacedFile[]): readonly string[] {
  const rows = files.flatMap(({ path, decision }) => {
    if (decision.kind !== "external") return [];
    const { uri, tier, place } = decision;
    return [[path, uri, tier, ...(place === uri ? [] : [place])]];
  });
  return rows.length === 0 ? [] : ["External files", ...tableLines(rows)];
}

/** The sum of sizes in bytes. */
export function sizeOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Permission bits as people write them: `0644`. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
