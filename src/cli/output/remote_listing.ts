/**
 * What a registry holds: the tags of a repository, or the repositories.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { Models } from "../../library/models.ts";
import type { ListedModel } from "../../model/operations/looking.ts";
import type { ConnectOptions } from "../../oci/connect.ts";
import {
  isRegistryHost,
  looksLikeHost,
  parseReference,
  repositoryName,
} from "../../oci/reference.ts";
import type { TextSink } from "../context.ts";
import type { Session } from "../session.ts";
import { endCut } from "./verdict.ts";
import { countOf, formatAge, formatBytes, formatTime, shortDigest } from "./format.ts";
import { alignColumns, ASCII } from "./table.ts";

/** What is listed, and how much of it. */
export interface PlaceOptions {
  /** A repository with its registry, or a registry. */
  readonly place: string;
  readonly limit?: number;
  /** The only kind of artifact that is listed. */
  readonly kind?: string;
  readonly access: ConnectOptions;
}

/**
 * Lists a repository or a registry.
 * @throws {InvalidInputError} when the place is neither.
 */
export async function listPlace(
  session: Session,
  models: Models,
  { place, limit, kind, access }: PlaceOptions,
): Promise<void> {
  const { output, context: { stdout, now } } = session;
  const options = { ...session.quiet(), ...access, limit, kind };
  const registry = place.replace(/\/$/, "");
  if (!registry.includes("/")) {
    checkHost(registry);
    const found = await models.repositoriesOf(registry, options);
    output.warnAll(found.warnings);
    noteRest(session, found.repositories.length, found.total);
    output.result(found, found.repositories.join("\n"));
    return endCut(found.warnings);
  }
  const found = await models.tagsOf(repositoryOf(registry, kind), options);
  output.warnAll(found.warnings);
  noteRest(session, found.tags.length + found.warnings.length, found.total);
  output.result(found, tagListing(found.tags, stdout, now()));
  endCut(found.warnings);
}

/** @throws {InvalidInputError} when a place can be no registry. */
function checkHost(place: string): void {
  if (looksLikeHost(place) && isRegistryHost(place)) return;
  throw new InvalidInputError(
    `Cannot list ${quote(place)}: it is neither a registry nor a repository with its registry`,
    { actual: place, remedy: `write localhost:5000/${place}, or docker.io/${place}` },
  );
}

/** @throws {InvalidInputError} when a place names one artifact, or is no reference. */
function repositoryOf(place: string, kind?: string): string {
  const reference = parseReference(place);
  const [list, show] = kind === "bundle"
    ? ["modelops bundle list", "modelops bundle resolve"]
    : ["modelops list", "modelops inspect --remote"];
  if (reference.tag === undefined && reference.digest === undefined) return place;
  throw new InvalidInputError(`Cannot list ${quote(place)}: it names one artifact`, {
    reference: place,
    remedy: `list its repository with \`${list} ${repositoryName(reference)}\`, ` +
      `or look at it with \`${show} ${place}\``,
  });
}

function noteRest({ output }: Session, shown: number, total: number): void {
  if (shown < total) output.note(`${shown} of ${countOf(total, "name")}: --limit shows more`);
}

/** The columns that yield on a narrow terminal: the tags, down to what still tells them apart. */
const YIELDING = new Map([[0, 6], [4, 7]]);

/** A narrower terminal has no room for digests. */
const ROOM_FOR_DIGEST = 60;

/** The tags: for people on a terminal, for scripts with whole values and no blanks in cells. */
function tagListing(
  tags: readonly ListedModel[],
  stdout: Pick<TextSink, "isTerminal" | "columns">,
  now: Date,
): string {
  if (!stdout.isTerminal) {
    const rows = tags.map((tag) => [
      tag.tag,
      tag.kind,
      tag.digest,
      formatBytes(tag.size, ""),
      formatTime(tag.createdAt) ?? "unknown",
      `${tag.repository}:${tag.tag}`,
    ]);
    const header = ["TAG", "KIND", "DIGEST", "SIZE", "CREATED", "REFERENCE"];
    return alignColumns([header, ...rows], { gap: " ", letters: ASCII });
  }
  const width = stdout.columns() ?? Infinity;
  const cells = (...all: readonly string[]) => width < ROOM_FOR_DIGEST ? all.slice(0, -1) : all;
  const rows = tags.map(({ tag, kind, size, createdAt, digest }) => {
    const created = formatTime(createdAt);
    const age = created === undefined ? "unknown" : formatAge(new Date(created), now);
    return cells(tag, kind, formatBytes(size), age, shortDigest(digest));
  });
  const header = cells("TAG", "KIND", "SIZE", "CREATED", "DIGEST");
  return alignColumns([header, ...rows], { gap: "  ", letters: ASCII, width, yielding: YIELDING });
}
