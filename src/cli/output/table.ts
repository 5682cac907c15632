/**
 * Tables of text.
 * @module
 */

/**
 * How wide texts are, and how they are cut: letters may take two columns of a terminal, or none.
 */
export interface Letters {
  /** How many columns a text takes. */
  columnsOf(text: string): number;
  /** A text cut in the middle to a width. */
  fitMiddle(text: string, width: number): string;
}

/** Letters of ASCII, as names of repositories and tags have them: one column each. */
export const ASCII: Letters = {
  columnsOf: (text) => text.length,
  fitMiddle(text, width) {
    if (text.length <= width) return text;
    const start = Math.ceil((width - 1) / 2);
    return `${text.slice(0, start)}…${text.slice(text.length - (width - 1 - start))}`;
  },
};

/** How cells become lines. */
export interface TableOptions {
  /** What stands between two columns. */
  readonly gap: string;
  /** The letters of the cells. */
  readonly letters: Letters;
  /** How many columns of the terminal there are; as many as are wanted when absent. */
  readonly width?: number;
  /** Columns that are cut where a line does not fit, with the least width of each. */
  readonly yielding?: ReadonlyMap<number, number>;
}

/** Cells of a line. */
export type Row = readonly string[];

/**
 * Lines of cells, each column as wide as its widest cell and the last one unpadded. Where lines do
 * not fit, cells of columns that yield are cut in the middle, those of the widest column first.
 */
export function alignColumns(rows: Iterable<Row>, options: TableOptions): string {
  return [...alignedLines(rows, options)].join("\n");
}

/** The lines of {@linkcode alignColumns} one by one; the rows are walked through twice. */
export function* alignedLines(
  rows: Iterable<Row>,
  { gap, letters, width = Infinity, yielding = new Map() }: TableOptions,
): Generator<string, void> {
  const widths = widthsOf(rows, letters);
  shrink(widths, width - gap.length * Math.max(0, widths.length - 1), yielding);
  for (const row of rows) {
    yield row.map((cell, column) => {
      const most = widths[column] ?? 0;
      const fitting = yielding.has(column) ? letters.fitMiddle(cell, most) : cell;
      const padding = column === row.length - 1
        ? 0
        : Math.max(0, most - letters.columnsOf(fitting));
      return fitting + " ".repeat(padding);
    }).join(gap);
  }
}

/** How wide the widest cell of each column is. */
export function widthsOf(rows: Iterable<Row>, { columnsOf }: Pick<Letters, "columnsOf">): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => widths[column] = Math.max(widths[column] ?? 0, columnsOf(cell)));
  }
  return widths;
}

/** Takes from the widest of the columns that yield, until all fit or none can yield more. */
function shrink(widths: number[], width: number, yielding: ReadonlyMap<number, number>): void {
  for (let excess = widths.reduce((sum, size) => sum + size, -width); excess > 0; excess--) {
    const [column] = [...yielding]
      .filter(([column, least]) => (widths[column] ?? 0) > least)
      .map(([column]) => column)
      .sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (column === undefined) return;
    widths[column]!--;
  }
}
