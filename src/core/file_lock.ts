/**
 * Advisory locks of the operating system on files.
 *
 * Such a lock vanishes with the process that holds it: there is no stale lock to clean up after a
 * crash, and no clock to trust.
 * @module
 */
import { basename, dirname, join, relative, sep } from "./runtime/path.ts";
import { isNamed, lstatIfExists, openOrMake, removeIfExists } from "./files.ts";
import { explainWrite } from "./file_errors.ts";
import { ConflictError } from "./errors.ts";
import type { NoFolder, PinnedFolder, PinOptions } from "./folders/pinned_folder.ts";
import type { OperationOptions } from "./operation.ts";
import { pause } from "./retry.ts";
import { quote } from "./text.ts";

const RETRY_MILLISECONDS = 50;

export interface FileLockOptions extends OperationOptions {
  /** Whether nobody else may hold the lock at the same time. */
  readonly exclusive: boolean;
  /** Milliseconds to wait for others before giving up with `busy`. */
  readonly timeout?: number;
  /** What to log when others have to be waited for. */
  readonly waiting: string;
  /**
   * The error when others still hold the lock after the timeout; without it the wait has no end.
   */
  readonly busy?: () => Error;
  /** A folder above the file, below which no link is followed to it; any is when absent. */
  readonly below?: string;
  /** Whether the file is removed when the lock is let go of; only for exclusive locks. */
  readonly removeFile?: boolean;
}

/**
 * Locks a file, which is made with its folder when it is missing, until disposed.
 * @throws what `options.busy` makes, when others still hold the lock after the timeout.
 */
export async function lockFile(path: string, options: FileLockOptions): Promise<AsyncDisposable> {
  for (let waited = 0;; waited += RETRY_MILLISECONDS) {
    options.signal?.throwIfAborted();
    const file = await tryToLock(path, options);
    if (file) return ownedLock(path, file, options);
    if (waited === 0) options.log?.("info", options.waiting);
    if (options.busy && waited >= (options.timeout ?? 0)) throw options.busy();
    await pause(RETRY_MILLISECONDS, {}, options.signal);
  }
}

/** Works while nobody else has the lock of a file; does nothing when somebody has. */
export async function whenAlone(path: string, work: () => Promise<void>): Promise<void> {
  const waiting = `Another command has locked ${quote(path)}`;
  const busy = () => new Busy(waiting);
  try {
    await using _lock = await lockFile(path, { exclusive: true, waiting, busy });
    await work();
  } catch (error) {
    if (!(error instanceof Busy)) throw error;
  }
}

class Busy extends ConflictError {}

async function tryToLock(
  path: string,
  { exclusive, below }: FileLockOptions,
): Promise<Deno.FsFile | undefined> {
  const opened = await folderOf(path, below, { make: true });
  if (typeof opened === "string") throw noFolder(path, opened);
  using folder = opened;
  const place = join(folder.path, basename(path));
  const file = await openFile(path, place);
  if (!file) return undefined;
  try {
    // Its last owner may have removed the file: the lock of a file without a name excludes nobody.
    if (await file.tryLock(exclusive) && isNamed(file, place)) return file;
  } catch (error) {
    file.close();
    throw explainWrite(path, error);
  }
  file.close();
  return undefined;
}

/** The folder of a file: by a path that nothing can be put in place of, where that is wanted. */
async function folderOf(
  path: string,
  below: string | undefined,
  options: PinOptions = {},
): Promise<Pick<PinnedFolder, "path"> & Disposable | NoFolder> {
  if (below === undefined) return { path: dirname(path), [Symbol.dispose]: () => {} };
  // Few locks need it, and what it loads takes longer than many a command.
  const { pinFolder } = await import("./folders/pinned_folder.ts");
  try {
    // The folder itself is none below it.
    const names = relative(below, dirname(path)).split(sep).filter((name) => name !== "");
    return pinFolder(below, names, options);
  } catch (error) {
    throw explainWrite(path, error);
  }
}

function noFolder(path: string, found: NoFolder): ConflictError {
  const reason = found === "missing" ? "missing" : "a link or a file";
  return new ConflictError(`Cannot lock ${quote(path)}: its folder is ${reason}`, { path });
}

/** Opens the file; `undefined` when somebody removes or replaces it at this very moment. */
async function openFile(path: string, place: string): Promise<Deno.FsFile | undefined> {
  try {
    makeFolder(path, dirname(place));
    await refuseLink(path, place);
    return openOrMake(place, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explainWrite(path, error);
  }
}

/**
 * Makes the folder of a lock; one above it that somebody removes at this very moment is made again,
 * once. What is missing then cannot be made, and waiting would not help.
 */
function makeFolder(path: string, folder: string): void {
  for (const isLast of [false, true]) {
    try {
      return Deno.mkdirSync(folder, { recursive: true });
    } catch (error) {
      if (isLast || !(error instanceof Deno.errors.NotFound)) throw explainWrite(path, error);
    }
  }
}

/** A lock by a link would be that of another file. */
async function refuseLink(path: string, place: string): Promise<void> {
  if (!(await lstatIfExists(place))?.isSymlink) return;
  throw new ConflictError(`Cannot lock ${quote(path)}: a symbolic link is in its place`, {
    path,
    remedy: "remove the link",
  });
}

function ownedLock(
  path: string,
  file: Deno.FsFile,
  { removeFile = false, below }: FileLockOptions,
): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      try {
        // Windows keeps the name of a removed file taken until the last handle is closed.
        if (removeFile && Deno.build.os !== "windows") await removeLockFile(path, below);
        await file.unlock();
      } catch (error) {
        throw explainWrite(path, error);
      } finally {
        file.close();
      }
    },
  };
}

async function removeLockFile(path: string, below: string | undefined): Promise<void> {
  const folder = await folderOf(path, below);
  // Whoever put something in place of the folder has the file, and may keep it.
  if (typeof folder === "string") return;
  using pinned = folder;
  await removeIfExists(join(pinned.path, basename(path)));
}
