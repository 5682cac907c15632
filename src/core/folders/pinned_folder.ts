/**
 * A folder below a root that nothing can be put in place of while it is used.
 *
 * Every call of the system looks a path up anew: a folder that was checked may be a link to
 * elsewhere when the next call comes by. On Linux an open folder has a path of its own,
 * `/proc/self/fd/…`, that leads to it whatever happens to its name; so each folder is opened in the
 * one before, links refused, and files are reached through the last: openat(2) in the form that
 * this runtime has. Elsewhere, and in a run that may not read all of the system, the folders are
 * compared before and after the use.
 *
 * Synchronous on purpose: opening a folder takes 7 µs, awaiting it many times as long, and there
 * are some folders to each file.
 * @module
 */
import { closeSync, openSync } from "node:fs";
import { join } from "../runtime/path.ts";
import { isMissing, systemCode } from "../file_errors.ts";
import { lstatIfExistsSync } from "../files.ts";

/** Why a folder was not opened: a part of the way is not there, or it is a link or a file. */
export type NoFolder = "missing" | "not a folder";

/** How to open a folder. */
export interface PinOptions {
  /** Make the folders that are missing, the root among them. */
  readonly make?: boolean;
  /** Permission bits of the folders that are made; the system's default when absent. */
  readonly mode?: number;
}

/** An open folder; disposing it gives up its path. */
export interface PinnedFolder extends Disposable {
  /** A path that leads to this folder as long as it is open. */
  readonly path: string;
  /** Whether no folder of the way was replaced; always so where the folder itself is open. */
  isSame(): boolean;
}

/**
 * Opens the folder that `parts` lead to below `root`. The root may be a link, since the caller
 * chose it; below it no link is followed.
 */
export function pinFolder(
  root: string,
  parts: readonly string[],
  options: PinOptions = {},
): PinnedFolder | NoFolder {
  if (options.make) Deno.mkdirSync(root, { recursive: true });
  return OPEN_FLAGS !== undefined && openFoldersHavePaths()
    ? pinOpenFolder(root, parts, options)
    : pinByName(root, parts, options);
}

/** `O_DIRECTORY`, `O_NOFOLLOW` and `O_PATH`, whose numbers depend on the processor. */
const LINUX_FLAGS = {
  x86_64: { directory: 0o200000, noFollow: 0o400000, path: 0o10000000 },
  aarch64: { directory: 0o40000, noFollow: 0o100000, path: 0o10000000 },
} as const;

const OPEN_FLAGS = Deno.build.os === "linux" ? LINUX_FLAGS[Deno.build.arch] : undefined;

let haveOpenFoldersPaths: boolean | undefined;

/** Whether the paths of open folders are there, and this run may use them: only `-A` allows it. */
function openFoldersHavePaths(): boolean {
  return haveOpenFoldersPaths ??= seesOpenFolders();
}

function seesOpenFolders(): boolean {
  try {
    return lstatIfExistsSync("/proc/self/fd") !== undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

function pinOpenFolder(
  root: string,
  parts: readonly string[],
  options: PinOptions,
): PinnedFolder | NoFolder {
  const { directory, path } = OPEN_FLAGS!;
  let folder = openFolder(root, directory | path);
  for (const part of parts) {
    if (typeof folder === "string") return folder;
    folder = nextFolder(folder, part, options);
  }
  if (typeof folder === "string") return folder;
  const opened = folder;
  return { path: pathOf(opened), isSame: () => true, [Symbol.dispose]: () => closeSync(opened) };
}

/** Opens a folder in another one, which is closed. */
function nextFolder(folder: number, part: string, options: PinOptions): number | NoFolder {
  const { directory, noFollow, path } = OPEN_FLAGS!;
  try {
    const place = join(pathOf(folder), part);
    if (options.make) makeFolder(place, options);
    return openFolder(place, directory | noFollow | path);
  } finally {
    closeSync(folder);
  }
}

function pathOf(folder: number): string {
  return `/proc/self/fd/${folder}`;
}

function openFolder(path: string, flags: number): number | NoFolder {
  try {
    return openSync(path, flags);
  } catch (error) {
    switch (systemCode(error)) {
      case "ENOENT":
        return "missing";
      case "ENOTDIR":
      case "ELOOP":
        return "not a folder";
      default:
        throw error;
    }
  }
}

function makeFolder(path: string, { mode }: PinOptions): void {
  try {
    Deno.mkdirSync(path, { mode });
  } catch (error) {
    // What is there, and whether it is a folder, is seen when it is opened.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

function pinByName(
  root: string,
  parts: readonly string[],
  options: PinOptions,
): PinnedFolder | NoFolder {
  let path: string;
  try {
    path = Deno.realPathSync(root);
  } catch (error) {
    if (isMissing(error)) return "missing";
    throw error;
  }
  const way: { readonly path: string; readonly identity: string }[] = [];
  for (const part of parts) {
    path = join(path, part);
    if (options.make) makeFolder(path, options);
    const info = lstatIfExistsSync(path);
    if (info === undefined) return "missing";
    if (!info.isDirectory) return "not a folder";
    way.push({ path, identity: identityOf(info) });
  }
  const isSame = () =>
    way.every(({ path, identity }) => {
      const info = lstatIfExistsSync(path);
      return info !== undefined && info.isDirectory && identityOf(info) === identity;
    });
  return { path, isSame, [Symbol.dispose]: () => {} };
}

function identityOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}
