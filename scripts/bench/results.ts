/** What was measured, and what it comes to: medians and ratios. @module */
import type { Cost } from "./measure.ts";

/** One line of the table: what one contender's runs of one work cost. */
export interface Result {
  readonly work: string;
  readonly contender: string;
  /** Whether it is ours, to which the others are compared. */
  readonly ours: boolean;
  /** What was moved: the number of its files, and the sum of their bytes. */
  readonly content: { readonly files: number; readonly bytes: number };
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
  const middle = (figure: "twice" | "requests") =>
    costs.every((cost) => cost[figure] === undefined)
      ? {}
      : { [figure]: median(costs.flatMap((cost) => cost[figure] ?? [])) };
  return {
    wallMs: median(costs.map(({ wallMs }) => wallMs)),
    cpuMs: median(costs.map(({ cpuMs }) => cpuMs)),
    peakBytes: median(costs.map(({ peakBytes }) => peakBytes)),
    ...middle("twice"),
    ...middle("requests"),
  };
}

/** What was measured. */
export interface Measured {
  readonly work: string;
  /** The name of our contender. */
  readonly ours: string;
  readonly content: Result["content"];
}

/** The results of one work; there are no ratios when ours is not among them. */
export function resultsOf(
  { work, ours, content }: Measured,
  scores: readonly {
    readonly contender: { readonly name: string; readonly tools: readonly string[] };
    readonly costs: readonly Cost[];
  }[],
): Result[] {
  const ourScore = scores.find(({ contender }) => contender.name === ours);
  const ownWall = ourScore && medianCost(ourScore.costs).wallMs;
  return scores.map(({ contender: { name, tools }, costs }) => {
    const middle = medianCost(costs);
    const line = {
      work,
      contender: name,
      ours: name === ours,
      tools,
      content,
      costs,
      median: middle,
    };
    return ownWall === undefined || line.ours ? line : { ...line, ratio: ownWall / middle.wallMs };
  });
}
