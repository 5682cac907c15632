/** The table that shows results and targets. @module */
import type { Result } from "./results.ts";
import { judge, type Judgement } from "./targets.ts";

/** What the columns are. */
export const HEADINGS: readonly string[] = [
  "work",
  "by",
  "wall",
  "CPU",
  "peak memory",
  "ours ÷ it",
  "want",
  "holds",
];

/**
 * The words and figures of the lines of a table; a work's name stands only in its first line. `all`
 * are the results of every work that was measured, since a target may be about two of them.
 */
export function tableLines(results: readonly Result[], all = results): string[][] {
  return results.map((result, index) => cells(result, results[index - 1], judge(result, all)));
}

function cells(
  { work, contender, median: { wallMs, cpuMs, peakBytes }, ratio }: Result,
  previous: Result | undefined,
  judgements: readonly Judgement[],
): string[] {
  return [
    previous?.work === work ? "" : work,
    contender,
    seconds(wallMs),
    seconds(cpuMs),
    Number.isNaN(peakBytes) ? "–" : `${(peakBytes / 1024 ** 2).toFixed(0)} MiB`,
    ratio === undefined ? "" : ratio.toFixed(2),
    judgements.map(({ wanted }) => wanted).join(", "),
    judgements.map(verdict).join(", "),
  ];
}

function verdict({ found, holds }: Judgement): string {
  const word = holds === undefined ? "not told" : holds ? "yes" : "**no**";
  return found === undefined ? word : `${word}: ${found}`;
}

function seconds(ms: number): string {
  return Number.isNaN(ms) ? "–" : `${(ms / 1000).toFixed(ms < 10_000 ? 3 : 1)} s`;
}

/** One line of text: words on the left, figures on the right. */
export function textLine(line: readonly string[]): string {
  const [work = "", by = "", ...rest] = line;
  const figures = rest.slice(0, FIGURES).map((figure) => figure.padStart(13)).join("");
  const [want = "", holds = ""] = rest.slice(FIGURES);
  return `${work.padEnd(53)}${by.padEnd(38)}${figures}  ${want.padEnd(24)}  ${holds}`.trimEnd();
}

/** The whole table in Markdown, as `deno fmt` would leave it. */
export function markdownTable(results: readonly Result[]): string {
  const rows = tableLines(results);
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

/** Columns that are figures, after the first two. */
const FIGURES = 4;

function isFigure(column: number): boolean {
  return column >= 2 && column < 2 + FIGURES;
}
