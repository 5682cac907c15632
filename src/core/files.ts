/**
 * Files that appear whole or not at all.
 * @module
 */
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import { explainWrite, isMissing } from "./file_errors.ts";
import { compareText } from "./text.ts";

/** Writes every byte of `bytes` to a file; a single write may take fewer. */
export function writeFully(file: Deno.FsFile, bytes: Uint8Array): void {
  // Synchronous on purpose: awaiting each write ran at a quarter of this speed.
  let offset = 0;
  while (offset < bytes.byteLength) offset += file.writeSync(bytes.subarray(offset));
}

/** How {@linkcode writeFileAtomic} writes. */
export interface AtomicWriteOptions {
  /** Permission bits of the file; 0o666 less the umask when absent. */
  readonly mode?: number;
  /** Stops the writing; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a file under a temporary name beside `path`, flushes it to the disk and renames it. A
 * reader sees the old content or the new, never a part. Missing parent folders are made. When
 * `content` fails (as a verifying stream does on a wrong digest) the temporary file is removed.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  options: AtomicWriteOptions = {},
): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    const partial = join(dirname(path), `.${randomUUID()}.partial`);
    await using _cleanup = { [Symbol.asyncDispose]: () => removeIfExists(partial) };
    await writeNewFile(partial, content, options);
    await Deno.rename(partial, path);
  } catch (error) {
    throw explainWrite(path, error);
  }
}

/** Writes and flushes a file that must not exist yet. */
export async function writeNewFile(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  options: AtomicWriteOptions = {},
): Promise<void> {
  using file = await Deno.open(path, {
    write: true,
    createNew: true,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
  });
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    options.signal?.throwIfAborted();
    writeFully(file, chunk);
  }
  await file.sync();
}

/**
 * Flushes a folder's entries to the disk, so that a rename in it survives a power cut. Windows has
 * no such call; there the file system's own journal has to do.
 */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

/** Removes a file or a whole folder; one that is already gone is fine. */
export async function removeIfExists(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The facts of a path, without following a link at its end; `undefined` when nothing is there. */
export async function lstatIfExists(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What is at a path, links followed: `undefined` for nothing, or for something else than these. */
export async function statKind(path: string): Promise<"file" | "folder" | undefined> {
  try {
    const info = await Deno.stat(path);
    return info.isDirectory ? "folder" : info.isFile ? "file" : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A small text file's content, or `undefined` when there is no such file. */
export async function readTextIfExists(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The entries of a folder in bytewise order of their names; none when the folder is missing. */
export async function readDirIfExists(path: string): Promise<Deno.DirEntry[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(path));
    return entries.sort((a, b) => compareText(a.name, b.name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
