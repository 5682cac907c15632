/**
 * Paths and what lies there.
 * @module
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { tmpdir } from "node:os";
import { attempt, attemptAsync } from "./errors.ts";
import { dirEntry, fileInfo } from "./file_info.ts";

const { promises } = fs;

type Runtime = typeof Deno;

export const stat: Runtime["stat"] = (path) =>
  attemptAsync(async () => fileInfo(await promises.stat(path)));

export const statSync: Runtime["statSync"] = (path) => attempt(() => fileInfo(fs.statSync(path)));

export const lstat: Runtime["lstat"] = (path) =>
  attemptAsync(async () => fileInfo(await promises.lstat(path)));

export const lstatSync: Runtime["lstatSync"] = (path) =>
  attempt(() => fileInfo(fs.lstatSync(path)));

export const realPath: Runtime["realPath"] = (path) => attemptAsync(() => promises.realpath(path));

export const realPathSync: Runtime["realPathSync"] = (path) =>
  attempt(() => fs.realpathSync.native(path));

export const readLinkSync: Runtime["readLinkSync"] = (path) => attempt(() => fs.readlinkSync(path));

// That of promises says of a full disk that there is no such folder, when it makes several.
export const mkdir: Runtime["mkdir"] = (path, options) =>
  attemptAsync(async () => void fs.mkdirSync(path, options));

export const mkdirSync: Runtime["mkdirSync"] = (path, options) =>
  attempt(() => void fs.mkdirSync(path, options));

export const makeTempDir: Runtime["makeTempDir"] = ({ dir = tmpdir(), prefix = "" } = {}) =>
  attemptAsync(() => promises.mkdtemp(join(dir, prefix)));

export const rename: Runtime["rename"] = (from, to) =>
  attemptAsync(() => promises.rename(from, to));

export const renameSync: Runtime["renameSync"] = (from, to) =>
  attempt(() => fs.renameSync(from, to));

export const linkSync: Runtime["linkSync"] = (from, to) => attempt(() => fs.linkSync(from, to));

export const chmod: Runtime["chmod"] = (path, mode) =>
  attemptAsync(() => promises.chmod(path, mode));

export const chmodSync: Runtime["chmodSync"] = (path, mode) =>
  attempt(() => fs.chmodSync(path, mode));

export const utime: Runtime["utime"] = (path, atime, mtime) =>
  attemptAsync(() => promises.utimes(path, atime, mtime));

export const utimeSync: Runtime["utimeSync"] = (path, atime, mtime) =>
  attempt(() => fs.utimesSync(path, atime, mtime));

/** Size in bytes from which a file is copied piece by piece. */
const COPIED_IN_PIECES = 64 * 1024 * 1024;

/**
 * Copies a file. Node does not end before the system has copied what it was told to copy, whoever
 * asks it to stop: a large file goes in pieces, where the two cannot share their blocks.
 */
export const copyFile: Runtime["copyFile"] = (from, to) =>
  attemptAsync(async () => {
    const { size, mode } = await promises.stat(from);
    if (size < COPIED_IN_PIECES) return await promises.copyFile(from, to);
    const shared = promises.copyFile(from, to, fs.constants.COPYFILE_FICLONE_FORCE);
    if (await shared.then(() => true, () => false)) return;
    const pieces = { highWaterMark: 256 * 1024 };
    await pipeline(
      fs.createReadStream(from, pieces),
      fs.createWriteStream(to, { ...pieces, mode }),
    );
  });

/** Removes a file, a link or a folder: an empty one, or with all that is in it. */
export const remove: Runtime["remove"] = (path, { recursive = false } = {}) =>
  attemptAsync(async () => {
    const isFolder = (await promises.lstat(path)).isDirectory();
    if (isFolder && recursive) await promises.rm(path, { recursive });
    else if (isFolder) await promises.rmdir(path);
    else await promises.unlink(path);
  });

/** {@linkcode remove}, at once. */
export const removeSync: Runtime["removeSync"] = (path, { recursive = false } = {}) =>
  attempt(() => {
    const isFolder = fs.lstatSync(path).isDirectory();
    if (isFolder && recursive) fs.rmSync(path, { recursive });
    else if (isFolder) fs.rmdirSync(path);
    else fs.unlinkSync(path);
  });

export async function* readDir(path: string | URL): AsyncGenerator<Deno.DirEntry, void> {
  const entries = await attemptAsync(() => promises.readdir(path, { withFileTypes: true }));
  for (const entry of entries) yield dirEntry(entry);
}

/** {@linkcode readDir}, at once. */
export const readDirSync = (path: string | URL): Deno.DirEntry[] =>
  attempt(() => fs.readdirSync(path, { withFileTypes: true }).map(dirEntry));

export const readTextFile: Runtime["readTextFile"] = (path, { signal } = {}) =>
  attemptAsync(() => promises.readFile(path, { encoding: "utf8", signal }));

export const readTextFileSync: Runtime["readTextFileSync"] = (path) =>
  attempt(() => fs.readFileSync(path, "utf8"));

/** How Node is told what Deno is. */
function writeOptions({ append, mode }: Deno.WriteFileOptions = {}) {
  return { flag: append ? "a" : "w", mode };
}

export const writeFile = async (
  path: string | URL,
  data: Uint8Array,
  options?: Deno.WriteFileOptions,
): Promise<void> => {
  await attemptAsync(() => promises.writeFile(path, data, writeOptions(options)));
};

/** {@linkcode writeFile}, at once. */
export const writeFileSync: Runtime["writeFileSync"] = (path, data, options) =>
  attempt(() => fs.writeFileSync(path, data, writeOptions(options)));

export const writeTextFile = async (
  path: string | URL,
  data: string,
  options?: Deno.WriteFileOptions,
): Promise<void> => {
  await attemptAsync(() => promises.writeFile(path, data, writeOptions(options)));
};

export const writeTextFileSync: Runtime["writeTextFileSync"] = (path, data, options) =>
  attempt(() => fs.writeFileSync(path, data, writeOptions(options)));

/** The flags of open(2). */
export function openFlags(options: Deno.OpenOptions): number {
  const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants;
  const { read, write, append, truncate, create, createNew } = options;
  const writes = write || append;
  if (!read && !writes) throw new TypeError("A file is opened to be read or written");
  if ((create || createNew) && !writes) throw new TypeError("A file is made to be written");
  return (read && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY) |
    (append ? O_APPEND : 0) |
    (truncate ? O_TRUNC : 0) |
    (create || createNew ? O_CREAT : 0) |
    (createNew ? O_EXCL : 0);
}
