/**
 * Unpacks an export archive into a workspace.
 * @module
 */
import type { ArchiveLimits } from "../../archive/limits.ts";
import type { TransferError } from "../../core/errors.ts";
import { checkRoom, diskOf, roomFault, type RoomNeeded } from "../../core/folders/room.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { reportPlan, reportSkipped } from "../../core/progress.ts";
import { bytesSource } from "../../core/content/source.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { compareText, quote } from "../../core/text.ts";
import { type ArchiveContents, ArchiveReader, memberPath } from "./contents.ts";
import type { FileVerdict, PlanFilesOptions } from "../../archive/places/verdicts.ts";
import type { Provenance } from "../documents/provenance.ts";
import type {
  MaterializeCounters,
  MaterializedFile,
  MaterializeResult,
} from "../workspace/materialize.ts";
import type { OpenWorkspaceOptions } from "../workspace/lock.ts";
import { Workspace } from "../workspace/open.ts";
import type { NameOptions } from "../workspace/path.ts";
import { type WorkspaceConflict, WorkspaceConflictError } from "../workspace/conflict.ts";
import { type ImportPlan, planImport, type PlannedImport } from "./plan_import.ts";

/** How to import. */
export interface ImportOptions
  extends OpenWorkspaceOptions, PlanFilesOptions, NameOptions, ArchiveLimits {
  /** The folder, which is made when it is missing. */
  readonly dest: string;
  /** Whether to say what would happen and change nothing. */
  readonly dryRun?: boolean;
}

/** A file of an imported archive, and what was done about it, or would be. */
export type ImportedFile =
  & Pick<MaterializedFile, "path" | "size">
  & Pick<FileVerdict, "action">;

/** What an import did. */
export interface ImportResult
  extends
    Pick<MaterializeResult, "destPath" | "dryRun">,
    Pick<MaterializeCounters, "created" | "replaced" | "kept" | "bytesWritten"> {
  /** The files in the order of code points. */
  readonly files: readonly ImportedFile[];
  /** External files that neither archive nor workspace has: their pointers say so. */
  readonly pointersOnly: readonly string[];
  /** Bytes of the files that are not there yet. */
  readonly bytesToMove: number;
  /** What is in the way; only a dry run has any. */
  readonly conflicts: readonly WorkspaceConflict[];
  /** Bytes that are free where the folder is or will be; only a dry run asks, not all answer. */
  readonly diskFree?: number;
  /** Why the files certainly do not fit on the disk; only a dry run has it. */
  readonly noRoom?: TransferError;
  /** Where the workspace came from, when the archive says so. */
  readonly provenance?: Provenance;
}

/**
 * Verifies an archive, a tar that may be compressed with zstd or gzip, and writes what is in it
 * into a folder. The archive is read twice: nothing is written before all of it was verified and
 * everything in the way was found.
 * @throws {IntegrityError} when the archive is corrupt, or a file is not what its pointer says.
 * @throws {InvalidInputError} when it has links, special files, unsafe names or malformed pointers.
 * @throws {WorkspaceConflictError} with everything that is in the way; nothing has been written
 * then.
 * @throws {TransferError} when the disk has no room for the files; nothing has been written then.
 */
export async function importArchive(path: string, options: ImportOptions): Promise<ImportResult> {
  const archive = await ArchiveReader.open(path, options);
  const contents = await archive.contents(operationOptions(options));
  if (options.dryRun) {
    const planned = await planImport(options.dest, contents, options);
    return {
      ...resultOf(options, contents, planned),
      diskFree: diskOf(options.dest).free,
      noRoom: await roomFault(options.dest, roomOf(planned)),
    };
  }
  await using workspace = await Workspace.open(options.dest, options);
  const planned = await planImport(workspace.root, contents, options);
  if (planned.conflicts.length > 0) {
    throw new WorkspaceConflictError(options.dest, planned.conflicts);
  }
  await checkRoom(workspace.root, roomOf(planned));
  await write(workspace, archive, { ...operationOptions(options), files: planned.files });
  return resultOf(options, contents, planned);
}

/** The files that are not there yet. */
function missingFiles({ files }: ImportPlan): readonly PlannedImport[] {
  return [...files.values()].filter(({ verdict: { action } }) =>
    action === "create" || action === "replace"
  );
}

function bytesToMove(planned: ImportPlan): number {
  return missingFiles(planned).reduce((sum, { file }) => sum + file.size, 0);
}

function roomOf(planned: ImportPlan): RoomNeeded {
  const bytes = bytesToMove(planned);
  return { most: bytes, exact: () => bytes };
}

/** Reads the archive again and writes what has to be written. */
async function write(
  workspace: Workspace,
  archive: ArchiveReader,
  options: OperationOptions & { readonly files: ImportPlan["files"] },
): Promise<void> {
  planStage(options);
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

/** Tells what there is to write before the first byte of it, and what is there. */
function planStage({ files, ...options }: OperationOptions & Pick<ImportPlan, "files">): void {
  reportPlan("extract", filesOf(files), options);
  for (const [path, { file: { size }, verdict: { action } }] of files) {
    if (action === "keep") reportSkipped({ id: path, phase: "extract", name: path, size }, options);
  }
}

/** The files of a plan one by one: of a hundred thousand no list is made. */
function* filesOf(files: ImportPlan["files"]): Generator<PlannedImport["file"], void> {
  for (const { file } of files.values()) yield file;
}

function resultOf(
  options: ImportOptions,
  contents: ArchiveContents,
  planned: ImportPlan,
): ImportResult {
  const files = [...planned.files.values()]
    .map(({ file: { path, size }, verdict: { action } }) => ({ path, action, size }))
    .sort((a, b) => compareText(a.path, b.path));
  const count = (wanted: FileVerdict["action"]) =>
    files.filter(({ action }) => action === wanted).length;
  const bytes = bytesToMove(planned);
  return {
    destPath: options.dest,
    dryRun: options.dryRun ?? false,
    files,
    created: count("create"),
    replaced: count("replace"),
    kept: count("keep"),
    bytesToMove: bytes,
    bytesWritten: options.dryRun ? 0 : bytes,
    pointersOnly: planned.pointersOnly,
    conflicts: planned.conflicts,
    provenance: contents.provenance,
  };
}
