/**
 * Writes what is in a tar archive: no file gets its name before the whole archive was read.
 * @module
 */
import { ConflictError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { collectInSeries } from "../core/runtime/garbage.ts";
import { giveWay } from "../core/runtime/turn.ts";
import type { StagedFile } from "../core/staged_file.ts";
import { observed } from "../core/streams.ts";
import { quote } from "../core/text.ts";
import type { FileContent } from "./file_content.ts";
import { Survey } from "./places/survey.ts";
import { conflictWords, type FileConflict, planFiles, type WantedFile } from "./places/verdicts.ts";
import { tarEntries, type TarEntriesOptions, type TarEntryPlan } from "./tar_entries.ts";
import type { TargetFiles } from "./target_files.ts";

/** How to extract one archive. */
export interface ExtractTarOptions
  extends Pick<TarEntriesOptions, "maxEntries" | "maxMetadata" | "onMissingEnd" | "promised"> {
  /**
   * Told of bytes that a second name of an earlier entry adds; what it throws ends the archive.
   */
  readonly onRepeated?: (bytes: number) => void;
  /**
   * Looks at what is there: files that have the content already are left alone, and others are
   * replaced only with `overwrite`, else refused, all at once. Without it, all are replaced.
   */
  readonly compare?: { readonly overwrite?: boolean };
}

/** What came out of an archive. */
export interface ExtractedTar {
  /** The files that were written, in the archive's order. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** Files that were there already with the same content. */
  readonly unchanged: number;
  /** The entries that were left out, each with its reason: links and special files. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** How many were left out; of more than a thousand the first are in {@linkcode skipped}. */
  readonly skippedCount: number;
}

/**
 * Entries that are left out and kept by name: an archive may have millions, in next to no bytes.
 */
export const SKIPPED_SHOWN = 1000;

/** The refusal to replace what is in the way of an extraction. */
export function wouldOverwrite(
  folder: string,
  conflicts: readonly FileConflict[],
): ConflictError {
  const action = `extract to ${quote(folder)}`;
  return new ConflictError(...conflictWords(action, folder, conflicts));
}

/** Writes the regular files and folders of an archive; as `extractTar` of an extraction says. */
export async function extractTarTo(
  target: TargetFiles,
  stream: ReadableStream<Uint8Array>,
  { compare, onRepeated, ...options }: ExtractTarOptions & OperationOptions,
): Promise<ExtractedTar> {
  const staged = new Map<string, StagedFile>();
  const sizes = new Map<string, number>();
  const skipped: { path: string; reason: string }[] = [];
  let skippedCount = 0;
  try {
    const isEarlier = (path: string) => staged.has(path);
    let entries = 0;
    for await (const entry of tarEntries(stream, { ...options, isEarlier })) {
      const { member } = entry;
      collectInSeries(++entries);
      if (entry.as === "folder") {
        await target.makeFolder(member.name, member.mode);
      } else if (entry.as === "left out") {
        if (skippedCount++ < SKIPPED_SHOWN) {
          skipped.push({ path: member.name, reason: entry.reason });
        }
      } else {
        const path = target.claim(member.name);
        const size = entry.as === "copy" ? sizes.get(entry.of) : member.size;
        const { mode, mtime } = member;
        const content = contentOf(entry, staged, onRepeated);
        const file = await target.staging.stage(path, content, { mode, mtime, size });
        if (file === undefined) continue;
        staged.set(path, file);
        sizes.set(path, size ?? 0);
      }
    }
    const same = compare === undefined ? [] : await unchanged(target, staged, sizes, {
      ...options,
      ...compare,
    });
    for (const path of same) {
      await target.keepEarlier(path, staged.get(path)!);
      staged.delete(path);
    }
    let committed = 0;
    for (const [path, file] of staged) {
      await giveWay();
      await target.commit(path, file);
      collectInSeries(++committed);
    }
    const files = Array.from(staged.keys(), (path) => ({ path, size: sizes.get(path) ?? 0 }));
    return { files, unchanged: same.length, skipped, skippedCount };
  } catch (error) {
    for (const [path, file] of staged) await target.discard(path, file);
    throw error;
  }
}

/** An entry that becomes a file. */
type WrittenEntry = Exclude<TarEntryPlan, { readonly as: "left out" | "folder" }>;

function contentOf(
  entry: WrittenEntry,
  staged: ReadonlyMap<string, StagedFile>,
  onRepeated: (bytes: number) => void = () => {},
): FileContent {
  if (entry.as !== "copy") return entry.member.chunks;
  const { of } = entry;
  const onlooker = { chunk: ({ byteLength }: Uint8Array) => onRepeated(byteLength) };
  return async () => observed(await staged.get(of)!.open(), onlooker);
}

/**
 * The staged files that are there already.
 * @throws {ConflictError} naming those that would replace what must not be replaced.
 */
async function unchanged(
  { root }: TargetFiles,
  staged: ReadonlyMap<string, StagedFile>,
  sizes: ReadonlyMap<string, number>,
  { signal, overwrite }: OperationOptions & { readonly overwrite?: boolean },
): Promise<string[]> {
  const survey = new Survey(root);
  const wanted: WantedFile[] = [];
  for (const [path, file] of staged) {
    await giveWay();
    // Most often nothing is there: then there is nothing to compare, and nothing is read again.
    if ((await survey.look(path)).kind === "missing") continue;
    wanted.push({ path, digest: await file.digest({ signal }), size: sizes.get(path) });
  }
  const found = await planFiles(survey, wanted, { signal, overwrite, replaceFolders: false });
  const conflicts = found.flatMap(({ action, conflict }) =>
    action === "conflict" && conflict ? [conflict] : []
  );
  if (conflicts.length > 0) throw wouldOverwrite(root, conflicts);
  return wanted.filter((_, index) => found[index]?.action === "keep").map(({ path }) => path);
}
