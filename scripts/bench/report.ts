/** Results that stay from one run to the next, so that a table can be measured in parts. @module */
import { readTextIfExists } from "../../src/core/files.ts";
import { writeFileAtomic } from "../../src/core/staged_file.ts";
import type { Result } from "./results.ts";
import { WORKS } from "./works.ts";

/** What was measured, and on what. */
export interface Report {
  /** Facts of the machine by name, those of the last part where parts differ. */
  readonly facts: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}

/**
 * What earlier parts have measured, with the facts of this one; nothing when there is no file.
 * @throws {Error} when the file was not written by `writeReport()`.
 */
export async function readReport(path: string, facts: Report["facts"]): Promise<Report> {
  const text = await readTextIfExists(path);
  if (text === undefined) return { facts, results: [] };
  const found: Partial<Report> = JSON.parse(text);
  if (!Array.isArray(found.results)) throw new Error(`Cannot add to "${path}": it has no results`);
  return { facts: { ...found.facts, ...facts }, results: found.results.map(whole) };
}

/** JSON has no NaN, which says that a figure is not known. */
function whole(result: Result): Result {
  const known = (cost: Result["median"]) => ({
    ...cost,
    cpuMs: cost.cpuMs ?? NaN,
    peakBytes: cost.peakBytes ?? NaN,
  });
  return { ...result, costs: result.costs.map(known), median: known(result.median) };
}

/** Keeps a report, which appears whole or not at all. */
export async function writeReport(path: string, report: Report): Promise<void> {
  await writeFileAtomic(path, new TextEncoder().encode(JSON.stringify(report, undefined, 2)));
}

/**
 * Results with those of one work, which take the place of older ones, in the order of the table.
 */
export function withResults(all: readonly Result[], some: readonly Result[]): Result[] {
  const measured = new Set(some.map(({ work }) => work));
  const place = new Map(WORKS.map(({ name }, index) => [name, index]));
  return [...all.filter(({ work }) => !measured.has(work)), ...some]
    .toSorted((a, b) => (place.get(a.work) ?? Infinity) - (place.get(b.work) ?? Infinity));
}
