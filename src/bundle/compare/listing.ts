/**
 * Lists of files to compare: of a directory, a bundle or an archive.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, digestHex, digestStream } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { fileBelow } from "../../core/content/file_below.ts";
import { quote } from "../../core/text.ts";
import { ArchiveReader } from "../archive/contents.ts";
import type { Bundle, BundleEntry } from "../documents/bundle.ts";
import { bundleLabel } from "../resolve/reference.ts";
import type { FileListing, ListedFile } from "./diff.ts";
import { readEntries } from "../documents/entries.ts";
import type { Pointer } from "../documents/pointer.ts";
import { findSpecFile } from "../spec/read.ts";
import { scanWorkdir } from "../publish/scan.ts";
import { isTransient } from "../workspace/layout.ts";
import { isReserved } from "../workspace/path.ts";
import { readPointers } from "../workspace/pointers.ts";
import { listTree, type TreeNode } from "../workspace/tree.ts";

/** The files of a bundle. */
export async function listBundle(
  bundle: Bundle,
  options: OperationOptions = {},
): Promise<FileListing> {
  const entries = await Array.fromAsync(readEntries(bundle, bundle.layers, options));
  return { label: bundleLabel(bundle), files: byPath(entries.map(listedEntry)) };
}

function listedEntry(entry: BundleEntry): ListedFile {
  const { path, mode } = entry;
  return entry.kind === "external"
    ? { path, mode, size: entry.size, sha256: entry.sha256 }
    : { path, mode, size: entry.blob.size, sha256: digestHex(entry.blob.digest) };
}

/**
 * The files of a directory: those of its bundle where it has a spec, else all of them. What only a
 * pointer stands for is listed as the pointer describes it. Without a spec, links and what is no
 * file are told as warnings, and are unread: where a file was, it is gone.
 * @throws {NotFoundError | InvalidInputError} when the directory cannot be read.
 */
export async function listDirectory(
  path: string,
  options: OperationOptions = {},
): Promise<FileListing> {
  const hasSpec = await findSpecFile(path) !== undefined;
  const nodes = await listTree(path, options);
  const content = hasSpec
    ? []
    : nodes.filter(({ path }) => !isReserved(path) && !isTransient(path));
  const files = hasSpec
    ? (await scanWorkdir(path, options)).layers.flatMap((layer) => layer.files)
    : await hashFiles(path, content, options);
  const { pointers } = await readPointers(path, nodes, options);
  // A pointer stands for what is not here, and not for a link or a pipe in its place.
  const taken = new Set(nodes.filter(({ kind }) => kind !== "file").map(({ path }) => path));
  const pointed = [...pointers.values()].filter((pointer) => !taken.has(pointer.path));
  const unread = content.filter(({ kind }) => kind !== "file" && kind !== "folder");
  for (const { path, kind } of unread) {
    options.log?.("warning", `${quote(path)} is not compared: it is a ${kind}`);
  }
  return {
    label: path,
    files: withPointed(files.map(listedFile), pointed),
    unread: unread.map(({ path }) => path),
    mayBeComposed: !hasSpec,
  };
}

async function hashFiles(
  root: string,
  nodes: readonly TreeNode[],
  options: OperationOptions,
): Promise<DigestedFile[]> {
  const files = nodes.filter(({ kind }) => kind === "file");
  return await mapConcurrent(files, async ({ path }) => {
    const source = await fileBelow(root, path);
    const { digest, size } = await digestStream(await source.open(options), options);
    return { path, size, digest, mode: source.mode };
  }, options);
}

/**
 * The files of an export archive; what only a pointer stands for is listed as the pointer describes
 * it.
 * @throws {NotFoundError | IntegrityError | InvalidInputError} when the archive cannot be read.
 */
export async function listArchive(
  path: string,
  options: OperationOptions = {},
): Promise<FileListing> {
  const archive = await ArchiveReader.open(path, options);
  const { files, pointers } = await archive.contents(options);
  const listed = [...files.values()].filter((file) => !isReserved(file.path)).map(listedFile);
  return { label: path, files: withPointed(listed, pointers.values()), mayBeComposed: true };
}

/** A file that was hashed. */
type DigestedFile = Omit<ListedFile, "sha256"> & { readonly digest: Digest };

function listedFile({ path, size, mode, digest }: DigestedFile): ListedFile {
  return { path, size, mode, sha256: digestHex(digest) };
}

/** The files, and those that are only pointed to. */
function withPointed(
  files: readonly ListedFile[],
  pointers: Iterable<Pointer>,
): ReadonlyMap<string, ListedFile> {
  const pointed = Array.from(pointers, ({ path, size, sha256 }) => ({ path, size, sha256 }));
  return byPath([...pointed, ...files]);
}

/** The last file of each path. */
function byPath(files: readonly ListedFile[]): ReadonlyMap<string, ListedFile> {
  return new Map(files.map((file) => [file.path, file]));
}
