/**
 * Unpacks an export archive into a workspace.
 * @module
 */
import { digestBytes } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { bytesSource } from "../../core/source.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { compareText, quote } from "../../core/text.ts";
import { type ArchiveContents, type ArchiveFile, BundleArchive, memberPath } from "./contents.ts";
import {
  collectConflicts,
  conflictsAmong,
  type FileVerdict,
  planFiles,
  type PlanFilesOptions,
} from "../workspace/plan_files.ts";
import { encodePointer, type Pointer } from "../documents/pointer.ts";
import type { Provenance } from "../documents/provenance.ts";
import { type OpenWorkspaceOptions, Workspace } from "../workspace/open.ts";
import { type WorkspaceConflict, WorkspaceConflictError } from "../workspace/conflict.ts";
import { isReserved } from "../workspace/path.ts";
import { WorkspaceSurvey } from "../workspace/survey.ts";

/** How to import. */
export interface ImportOptions extends OpenWorkspaceOptions, PlanFilesOptions {
  /** The folder, which is made when it is missing. */
  readonly dest: string;
  /** Whether to say what would happen and change nothing. */
  readonly dryRun?: boolean;
}

/** A file of an imported archive. */
export interface ImportedFile {
  /** Normalised path in the workspace. */
  readonly path: string;
  /** What was done about it, or would be. */
  readonly action: FileVerdict["action"];
  /** Size in bytes. */
  readonly size: number;
}

/** What an import did. */
export interface ImportResult {
  /** The folder, as given. */
  readonly destPath: string;
  /** Whether nothing was changed because only the plan was wanted. */
  readonly dryRun: boolean;
  /** The files in the order of code points. */
  readonly files: readonly ImportedFile[];
  /** Files that were not there. */
  readonly created: number;
  /** Files that took the place of others. */
  readonly replaced: number;
  /** Files that were there already. */
  readonly kept: number;
  /** Bytes written into files. */
  readonly bytesWritten: number;
  /** External files that neither archive nor workspace has: their pointers say so. */
  readonly pointersOnly: readonly string[];
  /** What is in the way; only a dry run has any. */
  readonly conflicts: readonly WorkspaceConflict[];
  /** Where the workspace came from, when the archive says so. */
  readonly provenance?: Provenance;
}

/**
 * Verifies an archive, a tar that may be compressed with zstd, and writes what is in it into a folder. The archive is read twice: nothing is
 * written before all of it was verified and everything in the way was found.
 * @throws {IntegrityError} when the archive is corrupt, or a file is not what its pointer says.
 * @throws {InvalidInputError} when it holds links, special files, unsafe names or malformed pointers.
 * @throws {WorkspaceConflictError} with everything that is in the way; nothing has been written then.
 */
export async function importArchive(
  path: string,
  options: ImportOptions,
): Promise<ImportResult> {
  const archive = await BundleArchive.open(path, options);
  const contents = await archive.contents(operationOptions(options));
  if (options.dryRun) {
    return resultOf(options, contents, await plan(options.dest, contents, options));
  }
  await using workspace = await Workspace.open(options.dest, options);
  const planned = await plan(workspace.root, contents, options);
  if (planned.conflicts.length > 0) {
    throw new WorkspaceConflictError(options.dest, planned.conflicts);
  }
  await write(workspace, archive, { ...operationOptions(options), files: planned.files });
  return resultOf(options, contents, planned);
}

/** A file and what has to be done about it. */
interface PlannedImport {
  readonly file: ArchiveFile;
  readonly verdict: FileVerdict;
  /** What to write instead of what the archive has. */
  readonly bytes?: Uint8Array;
}

interface ImportPlan {
  readonly files: ReadonlyMap<string, PlannedImport>;
  readonly conflicts: readonly WorkspaceConflict[];
  readonly pointersOnly: readonly string[];
}

async function plan(
  root: string,
  contents: ArchiveContents,
  options: PlanFilesOptions,
): Promise<ImportPlan> {
  const survey = new WorkspaceSurvey(root);
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
      conflictsAmong(contents.files.keys()),
      await folderConflicts(survey, contents),
      planned.map(({ verdict }) => verdict.action === "conflict" ? verdict.conflict : undefined),
    ),
    pointersOnly,
  };
}

/** The pointers whose file is elsewhere than the archive's pointer says, as they have to be. */
async function truePointers(
  survey: WorkspaceSurvey,
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
  survey: WorkspaceSurvey,
  { path, sha256, size }: Pointer,
  options: OperationOptions,
): Promise<boolean> {
  const place = await survey.look(path);
  if (place.kind !== "file" || place.size !== size) return false;
  return await survey.digest(path, options) === `sha256:${sha256}`;
}

async function folderConflicts(
  survey: WorkspaceSurvey,
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

/** Reads the archive again and writes what has to be written. */
async function write(
  workspace: Workspace,
  archive: BundleArchive,
  options: OperationOptions & { readonly files: ImportPlan["files"] },
): Promise<void> {
  await workspace.begin();
  await using writer = await workspace.writer();
  for await (const member of archive.members(options)) {
    const path = memberPath(member);
    if (member.type === "directory") await writer.makeFolder(path);
    const item = options.files.get(path);
    if (member.type === "directory" || !item || item.verdict.action === "keep") continue;
    const { file: { digest, size, mode }, bytes } = item;
    const stream = bytes ? await bytesSource(bytes).open() : member.body;
    const content = streamOf(verified(stream, { digest, size }, quote(path)));
    await workspace.inPlace(
      path,
      item.verdict.place,
      () => writer.writeFile(path, content, { size, mode }),
    );
  }
  await workspace.finish();
}

function resultOf(
  options: ImportOptions,
  contents: ArchiveContents,
  planned: ImportPlan,
): ImportResult {
  const files = [...planned.files.values()]
    .map(({ file: { path, size }, verdict: { action } }) => ({ path, action, size }))
    .sort((a, b) => compareText(a.path, b.path));
  const withAction = (wanted: FileVerdict["action"]) =>
    files.filter(({ action }) => action === wanted);
  const written = [...withAction("create"), ...withAction("replace")];
  return {
    destPath: options.dest,
    dryRun: options.dryRun ?? false,
    files,
    created: withAction("create").length,
    replaced: withAction("replace").length,
    kept: withAction("keep").length,
    bytesWritten: options.dryRun ? 0 : written.reduce((sum, { size }) => sum + size, 0),
    pointersOnly: planned.pointersOnly,
    conflicts: planned.conflicts,
    provenance: contents.provenance,
  };
}
