/**
 * Unpacks an export archive into a workspace.
 * @module
 */
import type { ArchiveLimits } from "../../archive/limits.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { bytesSource } from "../../core/source.ts";
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
import { type OpenWorkspaceOptions, Workspace } from "../workspace/open.ts";
import type { NameOptions } from "../workspace/path.ts";
import { type WorkspaceConflict, WorkspaceConflictError } from "../workspace/conflict.ts";
import { type ImportPlan, planImport } from "./plan_import.ts";

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
  /** What is in the way; only a dry run has any. */
  readonly conflicts: readonly WorkspaceConflict[];
  /** Where the workspace came from, when the archive says so. */
  readonly provenance?: Provenance;
}

/**
 * Verifies an archive, a tar that may be compressed with zstd, and writes what is in it into a
 * folder. The archive is read twice: nothing is written before all of it was verified and
 * everything in the way was found.
 * @throws {IntegrityError} when the archive is corrupt, or a file is not what its pointer says.
 * @throws {InvalidInputError} when it has links, special files, unsafe names or malformed pointers.
 * @throws {WorkspaceConflictError} with everything that is in the way; nothing has been written
 * then.
 */
export async function importArchive(path: string, options: ImportOptions): Promise<ImportResult> {
  const archive = await ArchiveReader.open(path, options);
  const contents = await archive.contents(operationOptions(options));
  if (options.dryRun) {
    return resultOf(options, contents, await planImport(options.dest, contents, options));
  }
  await using workspace = await Workspace.open(options.dest, options);
  const planned = await planImport(workspace.root, contents, options);
  if (planned.conflicts.length > 0) {
    throw new WorkspaceConflictError(options.dest, planned.conflicts);
  }
  await write(workspace, archive, { ...operationOptions(options), files: planned.files });
  return resultOf(options, contents, planned);
}

/** Reads the archive again and writes what has to be written. */
async function write(
  workspace: Workspace,
  archive: ArchiveReader,
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
