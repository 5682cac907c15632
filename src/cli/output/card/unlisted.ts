/**
 * What is said of weight files whose tensors are not listed.
 * @module
 */
import { unreadWeights } from "../../../model/card/cut.ts";
import type { ModelCard } from "../../../model/card/shape.ts";
import type { UnlistedFile } from "../../../model/facts/facts.ts";
import { parseLayerMediaType } from "../../../model/media_types.ts";
import { countOf } from "../format.ts";

/** Paths that are named; of more, how many they are. */
const MOST_NAMED = 10;

/**
 * A sentence of the files whose tensors are missing, and how many those are as far as it is known.
 * A file that two models have is one.
 */
export function unlistedText(unlisted: readonly UnlistedFile[]): string {
  const files = [...new Map(unlisted.map((each) => [each.file, each])).values()];
  const counted = files.reduce((sum, { tensorCount = 0 }) => sum + tensorCount, 0);
  const names = files.slice(0, MOST_NAMED).map(({ file }) => file);
  const more = files.length - names.length;
  return `The tensors of ${countOf(files.length, "file")} are not listed` +
    `${counted === 0 ? "" : `, ${countOf(counted, "tensor")} or more`}: ${names.join(", ")}` +
    (more === 0 ? "" : ` and ${more} more`);
}

/** How the headers of files that were not read are had, in the words of a command line. */
export interface UnreadFiles {
  /** Files of which more would have been read with `--all-headers`. */
  readonly far: readonly string[];
  /** Files that are read only where the model is: packed, or beyond all bounds. */
  readonly packed: readonly string[];
}

/** The files that were not read, by what would read them. */
export function unreadFiles(
  { files }: Pick<ModelCard, "files">,
  unread: readonly string[],
  allHeaders: boolean,
): UnreadFiles {
  const packed = new Set(
    files.filter(({ mediaType }) => !PARTLY_READ.has(parseLayerMediaType(mediaType)?.form))
      .map(({ path }) => path),
  );
  const isPacked = (path: string) => allHeaders || packed.has(path);
  return { far: unread.filter((path) => !isPacked(path)), packed: unread.filter(isPacked) };
}

/** Forms of layers of which a registry gives a part. */
const PARTLY_READ: ReadonlySet<string | undefined> = new Set(["raw", "tar"]);

/** What a list of tensors lacks, a sentence for each way to get it. */
export function cutTexts(card: ModelCard, allHeaders: boolean): readonly string[] {
  const { far, packed } = unreadFiles(card, unreadWeights(card), allHeaders);
  return [
    ...far.length === 0 ? [] : [farText(card, far)],
    ...packed.length === 0 ? [] : [
      `The headers of ${countOf(packed.length, "file")} are read only where the model is ` +
      `(modelops pull brings it here): ${packed.join(", ")}`,
    ],
    ...card.unlisted.length === 0 ? [] : [unlistedText(card.unlisted)],
  ];
}

function farText({ unreadTensors }: ModelCard, unread: readonly string[]): string {
  const files = countOf(unread.length, "file");
  const listed = new Set(unreadTensors.map(({ file }) => file));
  const what = unread.every((path) => listed.has(path))
    ? `The shapes of ${countOf(unreadTensors.length, "tensor")} in ${files} are not read`
    : `The headers of ${files} are not read, nor are all of their tensors listed`;
  return `${what} (--remote --all-headers reads them): ${unread.join(", ")}`;
}
