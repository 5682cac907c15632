/**
 * Packs a workspace into an archive whose bytes depend on nothing but names, contents and execute
 * bits.
 * @module
 */
import { basename, dirname } from "../../core/runtime/path.ts";
import { type CompressionName, COMPRESSIONS } from "../../archive/compression.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import { packUstar } from "../../archive/tar_writer.ts";
import { type Digest, Digester } from "../../core/digest.ts";
import { InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { explainRead, explainWrite, isMissing } from "../../core/file_errors.ts";
import { lstatIfExists } from "../../core/files.ts";
import { checkRoom } from "../../core/folders/room.ts";
import type { BlobSource } from "../../core/content/source.ts";
import { digested } from "../../core/streams.ts";
import { reported, reportPlan, watchedSource } from "../../core/progress.ts";
import { quote } from "../../core/text.ts";
import type { WorkspaceComparison } from "../workspace/changes.ts";
import { type OpenWorkspaceOptions, readWorkspace } from "../workspace/lock.ts";
import type { NameOptions } from "../workspace/path.ts";
import type { TreeNode } from "../workspace/tree.ts";
import { archiveMembers, chooseNodes } from "./members.ts";

type ExportCompression = ExportResult["compression"];

/** File name suffixes of each compression, the usual one first. */
const SUFFIXES: Readonly<Record<ExportCompression, readonly string[]>> = {
  zstd: [".tar.zst", ".zst"],
  none: [".tar"],
};

/** How hard zstd tries when the caller sets no level. */
const DEFAULT_ZSTD_LEVEL = 19;

/** How to export. */
export interface ExportOptions extends OpenWorkspaceOptions, NameOptions {
  /** The archive; a file named after the folder, in the current folder, when absent. */
  readonly dest?: string;
  /** Whether external files that are here are packed beside their pointers. */
  readonly includeExternal?: boolean;
  /** How to compress; what the archive's name says when absent, and zstd when there is none. */
  readonly compression?: Exclude<CompressionName, "gzip">;
  /** How hard zstd tries, 1 to 22; 19 when absent. */
  readonly zstdLevel?: number;
}

/** What an export did. */
export interface ExportResult {
  /** The archive. */
  readonly path: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Its digest. */
  readonly digest: Digest;
  /** How it is compressed. */
  readonly compression: Exclude<CompressionName, "gzip">;
  /** Files in it. */
  readonly files: number;
  /** Folders in it. */
  readonly folders: number;
  /** External files of which only the pointer is in it, in the order of code points. */
  readonly pointersOnly: readonly string[];
  /** How the folder compares with what was materialized into it, where that was asked for. */
  readonly comparison?: WorkspaceComparison;
}

/** How to export, and how to find out what changed in the folder. */
export interface ComparedExportOptions extends ExportOptions {
  /** Compares the folder with what was materialized into it. */
  readonly compare?: (folder: string) => Promise<WorkspaceComparison>;
}

/**
 * Packs a folder: every folder and file below it, ordered by code points, in plain USTAR with
 * neither owners nor times. Equal folders give equal archives. The archive appears whole or not at
 * all, and is left out when it is in the folder itself. Memory does not grow with the size of
 * files.
 * @throws {NotFoundError} when there is no such folder.
 * @throws {InvalidInputError} naming all links, special files and unsafe names; or when the names
 * of folder and archive cannot be used.
 * @throws {ConflictError} when another command keeps writing to the workspace.
 */
export async function exportArchive(
  folder: string,
  options: ComparedExportOptions = {},
): Promise<ExportResult> {
  const { path, compression } = targetOf(folder, options);
  await checkFolders(folder, path);
  await using _lock = await readWorkspace(folder, `export ${quote(folder)}`, options);
  const { nodes, pointersOnly } = await chooseNodes(folder, path, options);
  const members = await archiveMembers(folder, nodes, options);
  const comparison = packedChanges(nodes, await options.compare?.(folder));
  const digester = new Digester();
  await writeArchive(path, packUstar(members), { ...options, compression, digester });
  const files = members.filter(({ entry }) => entry.type === "file").length;
  return {
    path,
    size: digester.size,
    digest: digester.digest(),
    compression,
    files,
    folders: members.length - files,
    pointersOnly,
    ...(comparison && { comparison }),
  };
}

/** The comparison without files that are not packed, such as an archive from an earlier run. */
function packedChanges(
  nodes: readonly TreeNode[],
  comparison: WorkspaceComparison | undefined,
): WorkspaceComparison | undefined {
  if (comparison?.kind !== "compared") return comparison;
  const packed = new Set(nodes.map(({ path }) => path));
  const changes = comparison.changes.filter(({ path, change }) =>
    change !== "added" || packed.has(path)
  );
  return { kind: "compared", changes };
}

/** The name that an archive of a folder has when none is given. */
function defaultName(folder: string, compression: ExportCompression): string {
  const name = basename(folder);
  return `${["", ".", ".."].includes(name) ? "archive" : name}${SUFFIXES[compression][0]}`;
}

function targetOf(
  folder: string,
  { dest, compression }: ExportOptions,
): { path: string; compression: ExportCompression } {
  if (dest === undefined) {
    const chosen = compression ?? "zstd";
    return { path: defaultName(folder, chosen), compression: chosen };
  }
  if (compression === undefined) {
    return { path: dest, compression: dest.endsWith(".zst") ? "zstd" : "none" };
  }
  const suffixes = SUFFIXES[compression];
  if (suffixes.some((suffix) => dest.endsWith(suffix))) return { path: dest, compression };
  throw new InvalidInputError(
    `Cannot export to ${quote(dest)}: with compression ${compression} its name must end ` +
      `in ${suffixes.join(" or ")}`,
    { path: dest },
  );
}

async function checkFolders(folder: string, path: string): Promise<void> {
  if (!await isFolder(folder)) {
    const [Refusal, found] = await lstatIfExists(folder)
      ? [InvalidInputError, "it is not a folder"]
      : [NotFoundError, "no such folder"];
    throw new Refusal(`Cannot export ${quote(folder)}: ${found}`, { path: folder });
  }
  const problem = await isFolder(path)
    ? "it is a folder"
    : await isFolder(dirname(path))
    ? undefined
    : "its folder does not exist";
  if (problem === undefined) return;
  throw new InvalidInputError(`Cannot export to ${quote(path)}: ${problem}`, { path });
}

/** Writes an archive under a hidden name and gives it its own at the end. */
async function writeArchive(
  path: string,
  tar: BlobSource,
  options: ExportOptions & {
    readonly compression: ExportCompression;
    readonly digester: Digester;
  },
): Promise<void> {
  const { signal, compression, digester } = options;
  // What zstd leaves of it is known at the end.
  const room = compression === "none" ? tar.size : 0;
  await checkRoom(dirname(path), { most: room, exact: () => room });
  const item = { id: path, phase: "pack", name: basename(path), size: tar.size } as const;
  reportPlan("pack", [item], options);
  await reported(item, options, async (onBytes) => {
    const packed = COMPRESSIONS[compression].compress(
      await watchedSource(tar, onBytes).open({ signal }),
      { level: options.zstdLevel ?? DEFAULT_ZSTD_LEVEL },
    );
    const content = digested(packed, digester);
    await writeFileAtomic(path, content, { mode: 0o644, signal, tidy: true });
  }).catch((error) => {
    throw explainWrite(path, error);
  });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (isMissing(error)) return false;
    throw explainRead(path, error);
  }
}
