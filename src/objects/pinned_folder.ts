/**
 * A folder below a root that nothing can be put in place of while it is used.
 *
 * Every call of the system looks a path up anew: a folder that was checked may be a link to
 * elsewhere when the next call comes by. On Linux an open folder has a path of its own,
 * `/proc/self/fd/…`, that leads to it whatever happens to its name; so each folder is opened in the
 * one before, links refused, and files are reached through the last: openat(2) in the form that
 * this runtime has. Elsewhere the folders are compared before and after the use.
 * @module
 */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { isMissing, systemCode } from "../core/file_errors.ts";
import { lstatIfExists } from "../core/files.ts";

/** Why a folder was not opened: a part of the way is not there, or it is a link or a file. */
export type NoFolder = "missing" | "not a folder";

/** How to open a folder. */
export interface PinOptions {
  /** Make the folders that are missing, the root among them. */
  readonly make?: boolean;
}

/** An open folder; disposing it gives up its path. */
export interface PinnedFolder extends AsyncDisposable {
  /** A path that leads to this folder as long as it is open. */
  readonly path: string;
  /** Whether no folder of the way was replaced; always so where the folder itself is open. */
  isSame(): Promise<boolean>;
}

/**
 * Opens the folder that `parts` lead to below `root`. The root may be a link, since the caller
 * chose it; below it no link is followed.
 */
export async function pinFolder(
  root: string,
  parts: readonly string[],
  options: PinOptions = {},
): Promise<PinnedFolder | NoFolder> {
  if (options.make) await Deno.mkdir(root, { recursive: true });
  return OPEN_FLAGS !== undefined && await lstatIfExists("/proc/self/fd") !== undefined
    ? await pinOpenFolder(root, parts, options)
    : await pinByName(root, parts, options);
}

/** `O_DIRECTORY`, `O_NOFOLLOW` and `O_PATH`, whose numbers depend on the processor. */
const LINUX_FLAGS = {
  x86_64: { directory: 0o200000, noFollow: 0o400000, path: 0o10000000 },
  aarch64: { directory: 0o40000, noFollow: 0o100000, path: 0o10000000 },
} as const;

const OPEN_FLAGS = Deno.build.os === "linux" ? LINUX_FLAGS[Deno.build.arch] : undefined;

async function pinOpenFolder(
  root: string,
  parts: readonly string[],
  options: PinOptions,
): Promise<PinnedFolder | NoFolder> {
  const { directory, path } = OPEN_FLAGS!;
  let folder = await openFolder(root, directory | path);
  for (const part of parts) {
    if (typeof folder === "string") return folder;
    folder = await nextFolder(folder, part, options);
  }
  if (typeof folder === "string") return folder;
  const opened = folder;
  return {
    path: pathOf(opened),
    isSame: () => Promise.resolve(true),
    [Symbol.asyncDispose]: () => opened.close(),
  };
}

/** Opens a folder in another one, which is closed. */
async function nextFolder(
  folder: FileHandle,
  part: string,
  { make }: PinOptions,
): Promise<FileHandle | NoFolder> {
  const { directory, noFollow, path } = OPEN_FLAGS!;
  try {
    const place = join(pathOf(folder), part);
    if (make) await makeFolder(place);
    return await openFolder(place, directory | noFollow | path);
  } finally {
    await folder.close();
  }
}

function pathOf(folder: FileHandle): string {
  return `/proc/self/fd/${folder.fd}`;
}

async function openFolder(path: string, flags: number): Promise<FileHandle | NoFolder> {
  try {
    return await open(path, flags);
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

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path);
  } catch (error) {
    // What is there, and whether it is a folder, is seen when it is opened.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

async function pinByName(
  root: string,
  parts: readonly string[],
  { make = false }: PinOptions,
): Promise<PinnedFolder | NoFolder> {
  let path;
  try {
    path = await Deno.realPath(root);
  } catch (error) {
    if (isMissing(error)) return "missing";
    throw error;
  }
  const way: { readonly path: string; readonly identity: string }[] = [];
  for (const part of parts) {
    path = join(path, part);
    if (make) await makeFolder(path);
    const info = await lstatIfExists(path);
    if (info === undefined) return "missing";
    if (!info.isDirectory) return "not a folder";
    way.push({ path, identity: identityOf(info) });
  }
  const isSame = async () => {
    for (const { path, identity } of way) {
      const info = await lstatIfExists(path);
      if (info === undefined || !info.isDirectory || identityOf(info) !== identity) return false;
    }
    return true;
  };
  return { path, isSame, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function identityOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}
