/**
 * The listing of artifacts: for people on a terminal, for scripts everywhere else.
 * @module
 */
import type { ListedModel } from "../../model/operations/looking.ts";
import type { TextSink } from "../context.ts";
import { formatAge, formatBytes, formatTime, shortDigest } from "./format.ts";
import { alignColumns, ASCII } from "./table.ts";

/**
 * The listing, without a line end: aligned columns. On a terminal times are relative, digests are
 * shortened and names are cut where the lines would not fit. Elsewhere everything is whole, and no
 * cell contains a space, so that scripts can split at them.
 */
export function formatListing(
  models: readonly ListedModel[],
  stdout: Pick<TextSink, "isTerminal" | "columns">,
  now: Date,
): string {
  if (!stdout.isTerminal) return scriptListing(models);
  const width = stdout.columns() ?? Infinity;
  const whole = terminalListing(models, now, { showDigest: (digest) => digest });
  if (fits(whole, width)) return whole;
  const cut = terminalListing(models, now, { showDigest: shortDigest, width });
  return width >= NARROW && fits(cut, width) ? cut : narrowListing(models, width);
}

/** A narrower terminal has room for names and sizes only, as one has where cuts are not enough. */
const NARROW = 60;

function narrowListing(models: readonly ListedModel[], width: number): string {
  const header = ["REPOSITORY", "TAG", "SIZE", ...kindColumn(models, "KIND")];
  const rows = models.map((model) => [
    model.repository,
    model.tag,
    formatBytes(model.size),
    ...kindColumn(models, model.kind),
  ]);
  const yielding = new Map([[0, 10], [1, 6]]);
  return alignColumns([header, ...rows], { gap: "  ", letters: ASCII, width, yielding });
}

function fits(text: string, width: number): boolean {
  return text.split("\n").every((line) => line.length <= width);
}

interface TerminalOptions {
  readonly showDigest: (digest: string) => string;
  readonly width?: number;
}

function terminalListing(
  models: readonly ListedModel[],
  now: Date,
  { showDigest, width }: TerminalOptions,
): string {
  const header = ["REPOSITORY", "TAG", "DIGEST", "CREATED", "SIZE", ...kindColumn(models, "KIND")];
  const rows = models.map((model) => {
    const created = formatTime(model.createdAt);
    const age = created === undefined ? "unknown" : formatAge(new Date(created), now);
    const size = formatBytes(model.size);
    const row = [model.repository, model.tag, showDigest(model.digest), age, size];
    return [...row, ...kindColumn(models, model.kind)];
  });
  const gap = width === undefined ? "    " : "  ";
  return alignColumns([header, ...rows], { gap, letters: ASCII, width, yielding: YIELDING });
}

/** The names, the tags and the digests give way, down to what still tells them apart. */
const YIELDING = new Map([[0, 16], [1, 8], [2, 7]]);

/**
 * Scripts compare the fifth column with a date to find what is old. The header's word and `unknown`
 * sort after every date, so that neither is ever taken for old.
 */
function scriptListing(models: readonly ListedModel[]): string {
  const titles = ["REPOSITORY", "TAG", "DIGEST", "SIZE", "CREATED", "REFERENCE"];
  const header = [...titles, ...kindColumn(models, "KIND")];
  const rows = models.map(({ repository, tag, digest, size, createdAt, kind }) => [
    repository,
    tag,
    digest,
    formatBytes(size, ""),
    formatTime(createdAt) ?? "unknown",
    `${repository}:${tag}`,
    ...kindColumn(models, kind),
  ]);
  return alignColumns([header, ...rows], { gap: " ", letters: ASCII });
}

/** The last column: there is one where something else than models is listed. */
function kindColumn(models: readonly ListedModel[], cell: string): string[] {
  return models.every(({ kind }) => kind === "model") ? [] : [cell];
}
