/**
 * Lists of files to compare: of a directory, a bundle or an archive.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { digestHex, digestStream } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { fileSource } from "../../core/file_source.ts";
import { ArchiveReader } from "../archive/contents.ts";
import type { Bundle, BundleEntry } from "../documents/bundle.ts";
import { bundleLabel } from "../resolve/reference.ts";
import type { FileListing, ListedFile } from "./diff.ts";
import { readEntries } from "../documents/entries.ts";
import type { Pointer } from "../documents/pointer.ts";
import { findSpecFile } from "../spec/read.ts";
import { type Inventory, scanWorkdir } from "../publish/scan.ts";
import { isTransient, placeOf } from "../workspace/layout.ts";
import { isReserved } from "../workspace/path.ts";
import { readPointers } from "../workspace/pointers.ts";
import { listTree, type TreeNode } from "../workspace/tree.ts";

/**
 * The files of a bundle.
 *
 * @param options `layers` are the layers to list; all when absent.
 */
export async function listBundle(
  bundle: Bundle,
  options: OperationOptions & { readonly layers?: readonly string[] } = {},
): Promise<FileListing> {
  const files = new Map<string, ListedFile>();
  const entries = readEntries(bundle, options.layers ?? bundle.layers, operationOptions(options));
  for await (const entry of entries) files.set(entry.path, listedEntry(entry));
  return { label: bundleLabel(bundle), files };
}

function listedEntry(entry: BundleEntry): ListedFile {
  const { path, mode } = entry;
  return entry.kind === "external"
    ? { path, mode, size: entry.size, sha256: entry.sha256 }
    : { path, mode, size: entry.blob.size, sha256: digestHex(entry.blob.digest) };
}

/** The files of an inventory. */
function listInventory(inventory: Inventory): FileListing {
  const files = inventory.layers.flatMap((layer) => layer.files);
  return {
    label: inventory.workdir,
    files: new Map(
      files.map(({ path, size, mode, digest }) =>
        [path, { path, size, mode, sha256: digestHex(digest) }] as const
      ),
    ),
  };
}

/**
 * The files of a directory: those of its bundle where it has a spec, else all of them. What only a
 * pointer stands for is listed as the pointer describes it.
 * @throws {NotFoundError | InvalidInputError} when the directory cannot be read.
 */
export async function listDirectory(
  path: string,
  options: OperationOptions = {},
): Promise<FileListing> {
  const hasSpec = await findSpecFile(path) !== undefined;
  const nodes = await listTree(path, operationOptions(options));
  const { files } = hasSpec
    ? listInventory(await scanWorkdir(path, options))
    : { files: await hashTree(path, nodes, options) };
  const { pointers } = await readPointers(path, nodes, operationOptions(options));
  return { label: path, files: withPointed(files, pointers.values()) };
}

async function hashTree(
  root: string,
  nodes: readonly TreeNode[],
  options: OperationOptions,
): Promise<Map<string, ListedFile>> {
  const content = nodes.filter(({ path, kind }) =>
    kind === "file" && !isReserved(path) && !isTransient(path)
  );
  const files = await mapConcurrent(content, async ({ path }) => {
    const place = placeOf(root, path);
    const source = await fileSource(place);
    const { digest, size } = await digestStream(await source.open(options), options);
    const { mode } = await Deno.stat(place);
    return {
      path: path.normalize("NFC"),
      size,
      sha256: digestHex(digest),
      mode: mode ?? undefined,
    };
  }, options);
  return new Map(files.map((file) => [file.path, file]));
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
  const archive = await ArchiveReader.open(path, operationOptions(options));
  const contents = await archive.contents(operationOptions(options));
  const files = Array.from(contents.files.values(), ({ path, size, mode, digest }) => ({
    path,
    size,
    mode,
    sha256: digestHex(digest),
  })).filter((file) => !isReserved(file.path));
  const listed = new Map(files.map((file) => [file.path, file]));
  return { label: path, files: withPointed(listed, contents.pointers.values()) };
}

/** A list with the files that are only pointed to. */
function withPointed(
  files: ReadonlyMap<string, ListedFile>,
  pointers: Iterable<Pointer>,
): ReadonlyMap<string, ListedFile> {
  const all = new Map(files);
  for (const { path, size, sha256 } of pointers) {
    if (!all.has(path)) all.set(path, { path, size, sha256 });
  }
  return all;
}
