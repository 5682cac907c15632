/**
 * Tables of text.
 * @module
 */

/**
 * Lines of cells, each column as wide as its widest cell and the last one unpadded.
 * @param gap What stands between two columns.
 */
export function alignColumns(rows: readonly (readonly string[])[], gap: string): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => widths[column] = Math.max(widths[column] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, column) => column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))
      .join(gap)
  ).join("\n");
}
