/** Medians, ratios, and the table that shows them. @module */
import type { Cost } from "./measure.ts";

/** One line of the table: what one contender's runs of one work cost. */
export interface Result {
  readonly work: string;
  readonly contender: string;
  /** Programs that it needed besides our own. */
  readonly tools: readonly string[];
  readonly costs: readonly Cost[];
  /** The median of each figure. */
  readonly median: Cost;
  /** Our time over this contender's: below 1, ours is faster. Absent in our own line. */
  readonly ratio?: number;
}

/** The value in the middle, or between the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** The median of each figure, for itself. */
export function medianCost(costs: readonly Cost[]): Cost {
  return {
    wallMs: median(costs.map(({ wallMs }) => wallMs)),
    cpuMs: median(costs.map(({ cpuMs }) => cpuMs)),
    peakBytes: median(costs.map(({ peakBytes }) => peakBytes)),
  };
}

/** The results of one work; the first score is ours, unless ours is not among them. */
export function resultsOf(
  work: string,
  ours: string,
  scores: readonly {
    readonly contender: { readonly name: string; readonly tools: readonly string[] };
    readonly costs: readonly Cost[];
  }[],
): Result[] {
  const own = scores.find(({ contender }) => contender.name === ours);
  const ownWall = own && medianCost(own.costs).wallMs;
  return scores.map(({ contender: { name, tools }, costs }) => {
    const middle = medianCost(costs);
    const ratio = ownWall === undefined || name === ours ? undefined : ownWall / middle.wallMs;
    return { work, contender: name, tools, costs, median: middle, ratio };
  });
}

/** What the columns are. */
export const HEADINGS: readonly string[] = [
  "work",
  "by",
  "wall",
  "CPU",
  "peak memory",
  "ours ÷ it",
];

/** The words and figures of one line; a work's name stands only in its first line. */
export function cells(result: Result, previous?: Result): string[] {
  const { wallMs, cpuMs, peakBytes } = result.median;
  return [
    previous?.work === result.work ? "" : result.work,
    result.contender,
    seconds(wallMs),
    seconds(cpuMs),
    Number.isNaN(peakBytes) ? "–" : `${(peakBytes / 1024 ** 2).toFixed(0)} MiB`,
    result.ratio === undefined ? "" : result.ratio.toFixed(2),
  ];
}

function seconds(ms: number): string {
  return Number.isNaN(ms) ? "–" : `${(ms / 1000).toFixed(ms < 10_000 ? 3 : 1)} s`;
}

/** One line of text: words on the left, figures on the right. */
export function textLine([work = "", by = "", ...figures]: readonly string[]): string {
  const columns = figures.map((figure) => figure.padStart(13)).join("");
  return `${work.padEnd(33)}${by.padEnd(41)}${columns}`.trimEnd();
}

/** The whole table in Markdown, as `deno fmt` would leave it. */
export function markdownTable(results: readonly Result[]): string {
  const rows = results.map((result, index) => cells(result, results[index - 1]));
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const rule = widths.map((width, column) =>
    isFigure(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width)
  );
  const line = (row: readonly string[]) =>
    `| ${
      widths.map((width, column) => {
        const cell = row[column] ?? "";
        return isFigure(column) ? cell.padStart(width) : cell.padEnd(width);
      }).join(" | ")
    } |`;
  return [HEADINGS, rule, ...rows].map(line).join("\n");
}

function isFigure(column: number): boolean {
  return column >= 2;
}
