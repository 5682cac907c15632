/**
 * Packs a workspace into an archive whose bytes depend on nothing but names, contents and execute bits.
 * @module
 */
import { basename, dirname, join } from "node:path";
import { type CompressionName, COMPRESSIONS } from "../../archive/compression.ts";
import { StagedFile } from "../../core/staged_file.ts";
import { packUstar, type UstarFile } from "../../archive/tar_writer.ts";
import { ustarHeader } from "../../archive/ustar_header.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, Digester } from "../../core/digest.ts";
import { InvalidInputError, type Problem } from "../../core/errors.ts";
import { explainRead, explainWrite, isMissing } from "../../core/file_errors.ts";
import { fileSource } from "../../core/file_source.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { reported, watchedSource } from "../../core/progress.ts";
import { type BlobSource, bytesSource } from "../../core/source.ts";
import { digested } from "../../core/streams.ts";
import { messagesError } from "../../core/problems.ts";
import { compareText, quote } from "../../core/text.ts";
import { isTransient, placeOf } from "../workspace/layout.ts";
import { pathClashes, portablePath } from "../workspace/path.ts";
import { readPointers } from "../workspace/pointers.ts";
import { listTree, type TreeNode } from "../workspace/tree.ts";

type ExportCompression = ExportResult["compression"];

/** File name suffixes of each compression, the usual one first. */
const SUFFIXES: Readonly<Record<ExportCompression, readonly string[]>> = {
  zstd: [".tar.zst", ".zst"],
  none: [".tar"],
};

/** How hard zstd tries when nobody says otherwise. */
const DEFAULT_ZSTD_LEVEL = 19;

/** How to export. */
export interface ExportOptions extends OperationOptions {
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
}

/**
 * Packs a folder: every folder and file below it, ordered by code points, in plain USTAR with neither
 * owners nor times. Equal folders give equal archives. The archive appears whole or not at all, and is
 * left out when it is in the folder itself. Memory does not grow with the size of files.
 * @throws {InvalidInputError} naming all links, special files and unsafe names; or when the names of
 * folder and archive cannot be used.
 */
export async function exportArchive(
  folder: string,
  options: ExportOptions = {},
): Promise<ExportResult> {
  const { path, compression } = targetOf(folder, options);
  await checkFolders(folder, path);
  const { nodes, pointersOnly } = await chooseNodes(folder, path, options);
  const members = await archiveMembers(folder, nodes, options);
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
  };
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
    throw new InvalidInputError(`Cannot export ${quote(folder)}: it is not a folder`, {
      path: folder,
    });
  }
  const problem = await isFolder(path)
    ? "it is a folder"
    : await isFolder(dirname(path))
    ? undefined
    : "its folder does not exist";
  if (problem === undefined) return;
  throw new InvalidInputError(`Cannot export to ${quote(path)}: ${problem}`, { path });
}

/** What goes into the archive; links, special files and the archive itself are still among it. */
async function chooseNodes(
  folder: string,
  output: string,
  options: ExportOptions,
): Promise<{ nodes: TreeNode[]; pointersOnly: string[] }> {
  const root = await Deno.realPath(folder);
  const archive = join(await Deno.realPath(dirname(output)), basename(output));
  const all = (await listTree(folder, options))
    .filter(({ path }) => !isTransient(path) && placeOf(root, path) !== archive);
  const { pointers } = await readPointers(folder, all, options);
  const external = new Set(Array.from(pointers.values(), ({ path }) => path));
  const there = new Set(all.map(({ path }) => path));
  const left = (path: string) => !options.includeExternal || !there.has(path);
  return {
    nodes: all.filter(({ path, kind }) => kind !== "file" || !external.has(path) || !left(path)),
    pointersOnly: [...external].filter(left).sort(compareText),
  };
}

/**
 * The files of the archive in its order, each checked.
 * @throws {InvalidInputError} with all the problems.
 */
async function archiveMembers(
  folder: string,
  nodes: readonly TreeNode[],
  options: ExportOptions,
): Promise<UstarFile[]> {
  const problems: Problem[] = [];
  const members = await mapConcurrent(nodes, async (node) => {
    try {
      return await archiveMember(folder, node);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      problems.push({ message: error.message });
      return undefined;
    }
  }, options);
  const sound = members.filter((member) => member !== undefined)
    .sort((a, b) => compareText(a.entry.name, b.entry.name));
  problems.push(...clashes(sound));
  if (problems.length === 0) return sound;
  problems.sort((a, b) => compareText(a.message, b.message));
  throw messagesError(`export ${quote(folder)}`, problems, { path: folder });
}

/** Names that become one in normal form, and files that are one on some system. */
function clashes(members: readonly UstarFile[]): Problem[] {
  const names = members.map(({ entry }) => entry.name);
  const twice = names.filter((name, index) => name === names[index + 1])
    .map((path) => ({ path, reason: "two names are the same in normal form" }));
  const files = members.filter(({ entry }) => entry.type === "file");
  return [...twice, ...pathClashes(files.map(({ entry }) => entry.name))]
    .map(({ path, reason }) => ({ message: `Cannot export ${quote(path)}: ${reason}` }));
}

async function archiveMember(root: string, { path, kind }: TreeNode): Promise<UstarFile> {
  if (kind === "symbolic link" || kind === "special file") {
    throw new InvalidInputError(`Cannot export ${quote(path)}: it is a ${kind}`, { path });
  }
  const name = portablePath(path, "export").normalize("NFC");
  const member = kind === "folder"
    ? folderMember(name)
    : await fileMember(name, placeOf(root, path));
  ustarHeader(member.entry);
  return member;
}

function folderMember(name: string): UstarFile {
  const content = bytesSource(new Uint8Array(0));
  return { entry: { name, type: "directory", size: 0, mode: 0o755 }, content };
}

async function fileMember(name: string, place: string): Promise<UstarFile> {
  const content = await fileSource(place);
  const runs = ((await Deno.lstat(place)).mode ?? 0) & 0o100;
  return { entry: { name, type: "file", size: content.size, mode: runs ? 0o755 : 0o644 }, content };
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
  const item = { id: path, phase: "pack", name: basename(path), size: tar.size } as const;
  await reported(item, options, async (onBytes) => {
    const packed = COMPRESSIONS[compression].compress(
      await watchedSource(tar, onBytes).open({ signal }),
      { level: options.zstdLevel ?? DEFAULT_ZSTD_LEVEL },
    );
    const content = digested(packed, digester);
    const staged = await StagedFile.write(path, content, { mode: 0o644, signal });
    await staged.commit();
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
