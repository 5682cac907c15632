/**
 * What the system tells of files.
 * @module
 */
import type { Dirent, Stats } from "node:fs";

/**
 * The facts of a file. Times are as Deno tells them, in whole milliseconds, and the last change of
 * attributes in whole seconds: the digests of files are remembered by them in one place.
 */
export function fileInfo(stats: Stats): Deno.FileInfo {
  return {
    isFile: stats.isFile(),
    isDirectory: stats.isDirectory(),
    isSymlink: stats.isSymbolicLink(),
    isBlockDevice: stats.isBlockDevice(),
    isCharDevice: stats.isCharacterDevice(),
    isFifo: stats.isFIFO(),
    isSocket: stats.isSocket(),
    size: stats.size,
    mtime: new Date(Math.floor(stats.mtimeMs)),
    atime: new Date(Math.floor(stats.atimeMs)),
    birthtime: new Date(Math.floor(stats.birthtimeMs)),
    ctime: new Date(1000 * Math.floor(stats.ctimeMs / 1000)),
    dev: stats.dev,
    ino: stats.ino,
    mode: stats.mode,
    nlink: stats.nlink,
    uid: stats.uid,
    gid: stats.gid,
    rdev: stats.rdev,
    blksize: stats.blksize,
    blocks: stats.blocks,
  };
}

/** An entry of a folder. */
export function dirEntry(entry: Dirent): Deno.DirEntry {
  return {
    name: entry.name,
    isFile: entry.isFile(),
    isDirectory: entry.isDirectory(),
    isSymlink: entry.isSymbolicLink(),
  };
}
