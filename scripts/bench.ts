/**
 * `deno task bench [--json] [--only WORD] [--size MIB]`: how long our work takes beside a real
 * peer's. Contestants take turns, so that a busy machine is busy for all of them, and medians are
 * compared. The ratios are the result: nothing here judges them.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { parseArgs } from "node:util";
import { BENCHMARKS } from "./benchmarks.ts";
import type { Benchmark, Contestant } from "./benchmarks.ts";

/** Our time beside a peer's. */
interface Result {
  readonly benchmark: string;
  readonly peer: string;
  readonly runs: number;
  /** Median of our runs, in milliseconds. */
  readonly oursMs: number;
  /** Median of the peer's runs, in milliseconds. */
  readonly peerMs: number;
  /** Our time over the peer's: below 1, ours is faster. */
  readonly ratio: number;
}

/** Runs one benchmark in a temporary folder. */
async function measure(benchmark: Benchmark, size: number): Promise<Result> {
  const folder = await Deno.makeTempDir({ prefix: "modelops-bench-" });
  try {
    await using contest = await benchmark.prepare({ folder, size });
    const { ours, peer } = contest;
    const [oursMs = NaN, peerMs = NaN] = await medians([ours, peer], benchmark.runs);
    const times = { oursMs, peerMs, ratio: oursMs / peerMs };
    return { benchmark: benchmark.name, peer: peer.name, runs: benchmark.runs, ...times };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The median time of each contestant, in milliseconds. */
async function medians(contestants: readonly Contestant[], runs: number): Promise<number[]> {
  const times: number[][] = contestants.map(() => []);
  // The first round fills caches and does not count.
  for (let round = 0; round <= runs; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const ms = await contestant.time();
      if (round > 0) times[index]?.push(ms);
    }
  }
  return times.map(median);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

function row({ benchmark, peer, oursMs, peerMs, ratio }: Result): string {
  const times = [oursMs, peerMs].map((ms) => `${ms.toFixed(0)} ms`);
  return line([benchmark, peer, ...times, ratio.toFixed(2)]);
}

/** Words on the left, numbers on the right. */
function line([benchmark = "", peer = "", ...numbers]: readonly string[]): string {
  const columns = numbers.map((number) => number.padStart(10));
  return `${benchmark.padEnd(28)}${peer.padEnd(22)}${columns.join("")}`;
}

function names(): string {
  return BENCHMARKS.map(({ name }) => JSON.stringify(name)).join(", ");
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    size: { type: "string", default: "256" },
  },
});
const chosen = BENCHMARKS.filter(({ name }) => name.includes(values.only));
const size = Number(values.size) * 1024 * 1024;
if (chosen.length === 0 || !(size > 0)) {
  console.error(`Cannot measure: want --size in MiB and --only out of ${names()}`);
  Deno.exit(2);
}
const results: Result[] = [];
if (!values.json) {
  console.log(line(["benchmark", "beside", "ours", "peer", "ratio"]));
}
for (const benchmark of chosen) {
  try {
    const result = await measure(benchmark, size);
    results.push(result);
    if (!values.json) console.log(row(result));
  } catch (error) {
    console.error(`${benchmark.name}: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
if (values.json) console.log(JSON.stringify({ sizeBytes: size, results }, undefined, 2));
