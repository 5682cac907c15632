/**
 * How bundles are shown to people.
 * @module
 */
import { alignColumns } from "./table.ts";
import { escapeControls } from "./format.ts";

const UNITS = ["KB", "MB", "GB"];

/**
 * Bytes in powers of 1024 as the users of the bundles guide know them: `0 B`, `512 B`, `1.5 KB`.
 */
export function bundleSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** Lines of text; what came from outside cannot start a line of its own. */
export function textOf(lines: readonly string[]): string {
  return lines.map(escapeControls).join("\n");
}

/** Rows as aligned lines; no row, no line. */
export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  return alignColumns(rows.map((row) => row.map(escapeControls)), "  ").split("\n");
}

/** The sum of sizes in bytes. */
export function sizeOf(files: Iterable<{ readonly size: number }>): number {
  let sum = 0;
  for (const { size } of files) sum += size;
  return sum;
}

/** Permission bits as people write them: `0644`. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
