/**
 * What an import will do, found out before the first byte is written.
 * @module
 */
import { digestBytes } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { compareText } from "../../core/text.ts";
import { encodePointer, type Pointer } from "../documents/pointer.ts";
import {
  type FileVerdict,
  planFiles,
  type PlanFilesOptions,
} from "../../archive/places/verdicts.ts";
import { Survey } from "../../archive/places/survey.ts";
import { collectConflicts, conflictsAmong, type WorkspaceConflict } from "../workspace/conflict.ts";
import { isReserved, type NameOptions, refuseUnfitNames } from "../workspace/path.ts";
import type { ArchiveContents, ArchiveFile } from "./contents.ts";

/** A file and what has to be done about it. */
export interface PlannedImport {
  readonly file: ArchiveFile;
  readonly verdict: FileVerdict;
  /** What to write instead of what the archive has. */
  readonly bytes?: Uint8Array;
}

/** What an import will do. */
export interface ImportPlan {
  readonly files: ReadonlyMap<string, PlannedImport>;
  readonly conflicts: readonly WorkspaceConflict[];
  readonly pointersOnly: readonly string[];
}

/**
 * Plans to write what an archive has into a folder, which need not exist. Nothing is changed.
 * @param root The folder.
 * @throws {InvalidInputError} naming all that the system cannot hold.
 */
export async function planImport(
  root: string,
  contents: ArchiveContents,
  options: PlanFilesOptions & NameOptions,
): Promise<ImportPlan> {
  refuseUnfitNames([...contents.folders, ...contents.files.keys()], {
    ...options,
    action: "import",
    what: root,
  });
  const survey = new Survey(root);
  const { rewritten, pointersOnly } = await truePointers(survey, contents, options);
  const files = [...contents.files.values()].map((file) => {
    const bytes = rewritten.get(file.path);
    return bytes ? { ...file, digest: digestBytes(bytes), size: bytes.byteLength } : file;
  });
  // What is in the reserved folder is ours: it is replaced without asking.
  const own = files.filter(({ path }) => isReserved(path));
  const others = files.filter(({ path }) => !isReserved(path));
  const verdicts = [
    ...await planFiles(survey, own, { ...options, overwrite: true }),
    ...await planFiles(survey, others, options),
  ];
  const planned = [...own, ...others].map((file, index): PlannedImport => (
    { file, verdict: verdicts[index]!, bytes: rewritten.get(file.path) }
  ));
  return {
    files: new Map(planned.map((item) => [item.file.path, item])),
    conflicts: collectConflicts(
      conflictsAmong(contents.files.keys(), options),
      await folderConflicts(survey, contents),
      planned.map(({ verdict }) => verdict.action === "conflict" ? verdict.conflict : undefined),
    ),
    pointersOnly,
  };
}

/** The pointers whose file is elsewhere than the archive's pointer says, as they have to be. */
async function truePointers(
  survey: Survey,
  contents: ArchiveContents,
  options: OperationOptions,
): Promise<{ rewritten: Map<string, Uint8Array>; pointersOnly: string[] }> {
  const rewritten = new Map<string, Uint8Array>();
  const pointersOnly: string[] = [];
  for (const [file, pointer] of contents.pointers) {
    if (contents.files.has(pointer.path)) continue;
    const fulfilled = await isThere(survey, pointer, options);
    if (!fulfilled) pointersOnly.push(pointer.path);
    if (fulfilled !== pointer.fulfilled) {
      rewritten.set(file, encodePointer({ ...pointer, fulfilled }));
    }
  }
  return { rewritten, pointersOnly: pointersOnly.sort(compareText) };
}

async function isThere(
  survey: Survey,
  { path, sha256, size }: Pointer,
  options: OperationOptions,
): Promise<boolean> {
  const place = await survey.look(path);
  if (place.kind !== "file" || place.size !== size) return false;
  return await survey.digest(path, options) === `sha256:${sha256}`;
}

async function folderConflicts(
  survey: Survey,
  { folders, files }: ArchiveContents,
): Promise<WorkspaceConflict[]> {
  const conflicts: WorkspaceConflict[] = [];
  for (const path of folders) {
    const { kind } = await survey.look(path);
    if (files.has(path) || (kind !== "missing" && kind !== "folder")) {
      const found = kind === "link" ? "symbolic link" : kind;
      const reason = kind === "blocked"
        ? "a folder above it is none"
        : `a ${found} is in its place`;
      conflicts.push({ path, reason, replaceable: false });
    }
  }
  return conflicts;
}
