/**
 * Small helpers over the file system.
 *
 * What only looks at a file of ours, names it or reads a document is done at once: handing such a
 * call to another thread takes ten times as long as the call.
 * @module
 */
import { ConflictError, InvalidInputError } from "./errors.ts";
import { explainWrite, isMissing } from "./file_errors.ts";
import { isThreadShared } from "./runtime/turn.ts";
import { sortInTurns } from "./lists/sort_in_turns.ts";
import { decodeText, quote, sortByText, textOrder } from "./text.ts";

/** Largest document that a person or a tool writes by hand or by rule, in bytes. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/**
 * Bytes that are given to the kernel at once. It keeps them in one piece of memory, and a machine
 * that moves models has its memory full of files: for pieces of more than 32 KiB it then has to
 * make room by moving others. Writes of 256 KiB took 1.7 times the time of the processor, those of
 * 1 MiB twice (ext4, Linux 6.18); with memory to spare all take the same.
 */
const WRITTEN_AT_ONCE = 32 * 1024;

/** Writes every byte of `bytes` to a file; a single write may take fewer. */
export function writeFully(file: Pick<Deno.FsFile, "writeSync">, bytes: Uint8Array): void {
  // Synchronous on purpose: awaiting each write ran at a quarter of this speed.
  for (let offset = 0; offset < bytes.byteLength;) {
    offset += file.writeSync(bytes.subarray(offset, offset + WRITTEN_AT_ONCE));
  }
}

/**
 * Flushes a file, or the entries of a folder, to the disk. Windows has no such call for folders;
 * there the file system's own journal has to do.
 */
export async function syncPath(path: string): Promise<void> {
  if (Deno.build.os === "windows" && (await Deno.stat(path)).isDirectory) return;
  const file = Deno.openSync(path, { read: true, write: Deno.build.os === "windows" });
  try {
    await file.sync();
  } catch (error) {
    throw explainWrite(path, error);
  } finally {
    // By hand: the bundler puts what is used once where it is used, and forgets to dispose of it.
    file.close();
  }
}

/** Makes a folder that is the user's alone, where there is none. */
export async function makePrivateFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
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
  return lstatIfExistsSync(path);
}

/**
 * Whether an open file is the one that has a name, and not one that a link of that name leads to.
 * Opening follows links, and somebody who may write to the folder can put one there at any moment:
 * what is not asked after opening is not known.
 */
export function isNamed(file: Deno.FsFile, path: string): boolean {
  const [opened, named] = [file.statSync(), lstatIfExistsSync(path)];
  return opened.ino === named?.ino && opened.dev === named?.dev && !named?.isSymlink;
}

/**
 * Opens a file of ours that is there; a link in its place is not followed.
 * @throws {ConflictError} when there is one.
 */
export function openOwn(path: string, options: Deno.OpenOptions): Deno.FsFile {
  const file = Deno.openSync(path, options);
  if (isNamed(file, path)) return file;
  file.close();
  throw new ConflictError(`Cannot write ${quote(path)}: a link took its place`, { path });
}

/**
 * Opens a file of ours for writing, which is made where nothing has its name: never where a link
 * leads to. `undefined` when something came or went meanwhile; the caller tries again.
 */
export function openOrMake(path: string, options: Deno.OpenOptions): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  try {
    return Deno.openSync(path, { ...options, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

/** {@linkcode lstatIfExists}, at once. */
export function lstatIfExistsSync(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * What tells whether files are still the same, without reading them: two marks that differ are
 * those of files that may have changed. Links are followed, since secrets are often changed by
 * turning a link to another folder; a file that cannot be looked at has a mark that says why.
 */
export async function markOf(...paths: readonly string[]): Promise<string> {
  const marks = await Promise.all(paths.map(async (path) => {
    try {
      const { mtime, size, ino } = await Deno.stat(path);
      return `${mtime?.getTime()} ${size} ${ino}`;
    } catch (error) {
      return String(error);
    }
  }));
  return marks.join("\n");
}

/** What is at a path, links followed: `undefined` for nothing, or for something else than these. */
export async function statKind(path: string): Promise<"file" | "folder" | undefined> {
  const info = await ifExists(async () => Deno.statSync(path));
  if (info?.isDirectory) return "folder";
  return info?.isFile ? "file" : undefined;
}

/**
 * The bytes of a document. A pipe or a device is refused before it is opened: opening one may wait
 * for ever, and reading one never end.
 *
 * @param limit Most bytes that are read.
 * @throws {InvalidInputError} when it is no regular file or too large; besides, the error of the
 * system.
 */
export async function readDocument(
  path: string,
  limit = DOCUMENT_LIMIT,
): Promise<Uint8Array<ArrayBuffer>> {
  checkRegular(path, Deno.statSync(path));
  using file = Deno.openSync(path, { read: true });
  const { size } = file.statSync();
  // A file of the kernel has no size before it is read, and one of ours may grow meanwhile.
  let bytes = new Uint8Array(Math.min(limit, size || limit) + 1);
  let length = 0;
  for (;;) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null) return bytes.slice(0, length);
    length += count;
    if (length > limit) break;
    if (length === bytes.byteLength) bytes = grown(bytes, Math.min(limit + 1, 2 * length));
  }
  throw new InvalidInputError(`Cannot read ${quote(path)}: it has more than ${limit} bytes`, {
    path,
  });
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}

/** The text of a document, read as {@linkcode readDocument} and {@linkcode decodeText} do. */
export async function readText(path: string, limit?: number): Promise<string> {
  return decodeText(await readDocument(path, limit));
}

/** {@linkcode readText}, or `undefined` when there is no such file. */
export async function readTextIfExists(path: string, limit?: number): Promise<string | undefined> {
  return await ifExists(() => readText(path, limit));
}

/**
 * Makes sure that what is at a path can be read as a file.
 * @throws {InvalidInputError} when it is something else.
 */
function checkRegular(path: string, info: Deno.FileInfo): void {
  if (info.isFile) return;
  const found = info.isDirectory ? "it is a directory" : "it is not a regular file";
  throw new InvalidInputError(`Cannot read ${quote(path)}: ${found}`, { path });
}

/** Bytes that a folder of a thousand entries has, or more. */
const LONG_FOLDER = 64 * 1024;

/**
 * The entries of a folder in bytewise order of their names; none when the folder is missing. One of
 * tens of thousands is read on another thread, and sorted in turns, where others wait for answers.
 */
export async function readDirIfExists(path: string): Promise<Deno.DirEntry[]> {
  const nameOf = ({ name }: Deno.DirEntry) => name;
  if (!isThreadShared() || !await isLongFolder(path)) {
    return sortByText(await ifExists(async () => [...Deno.readDirSync(path)]) ?? [], nameOf);
  }
  const entries = await ifExists(() => Array.fromAsync(Deno.readDir(path))) ?? [];
  const compare = textOrder([entries.map(nameOf)]);
  return await sortInTurns(entries, (a, b) => compare(a.name, b.name));
}

async function isLongFolder(path: string): Promise<boolean> {
  const info = await ifExists(async () => Deno.statSync(path));
  return info !== undefined && info.size > LONG_FOLDER;
}

/** The result of work on a path; `undefined` when there is no such path. */
export async function ifExists<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
