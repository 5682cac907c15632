/**
 * The listing of artifacts: for people on a terminal, for scripts everywhere else.
 * @module
 */
import type { ListedModel } from "../../model/operations.ts";
import type { TextSink } from "../context.ts";
import { formatAge, formatBytes, formatTime, shortDigest } from "./format.ts";
import { alignColumns } from "./table.ts";

/**
 * The listing, without a line end. On a terminal the columns are aligned and times are relative;
 * digests are shortened where whole ones would not fit. Elsewhere a single space separates the
 * columns and no cell contains one, so that scripts can cut.
 */
export function formatListing(
  models: readonly ListedModel[],
  stdout: Pick<TextSink, "isTerminal" | "columns">,
  now: Date,
): string {
  if (!stdout.isTerminal) return scriptListing(models);
  const whole = terminalListing(models, now, (digest) => digest);
  const width = Math.max(...whole.split("\n").map((line) => line.length));
  return width <= (stdout.columns() ?? Infinity)
    ? whole
    : terminalListing(models, now, shortDigest);
}

function terminalListing(
  models: readonly ListedModel[],
  now: Date,
  showDigest: (digest: string) => string,
): string {
  const header = ["REPOSITORY", "TAG", "DIGEST", "CREATED", "SIZE", ...kindColumn(models, "KIND")];
  const rows = models.map((model) => {
    const created = formatTime(model.createdAt);
    const age = created === undefined ? "unknown" : formatAge(new Date(created), now);
    const size = formatBytes(model.size);
    const row = [model.repository, model.tag, showDigest(model.digest), age, size];
    return [...row, ...kindColumn(models, model.kind)];
  });
  return alignColumns([header, ...rows], "    ");
}

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
  return [header, ...rows].map((row) => row.join(" ")).join("\n");
}

/** The last column: there is one where something else than models is listed. */
function kindColumn(models: readonly ListedModel[], cell: string): string[] {
  return models.every(({ kind }) => kind === "model") ? [] : [cell];
}
