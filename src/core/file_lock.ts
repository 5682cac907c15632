/**
 * Advisory locks of the operating system on files.
 *
 * Such a lock vanishes with the process that holds it: there is no stale lock to clean up after a
 * crash, and no clock to trust.
 * @module
 */
import { dirname } from "./runtime/path.ts";
import { isNamed, lstatIfExists, removeIfExists } from "./files.ts";
import { explainWrite } from "./file_errors.ts";
import { ConflictError } from "./errors.ts";
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
    const file = await tryToLock(path, options.exclusive);
    if (file) return ownedLock(path, file, options.removeFile);
    if (waited === 0) options.log?.("info", options.waiting);
    if (options.busy && waited >= (options.timeout ?? 0)) throw options.busy();
    await pause(RETRY_MILLISECONDS, {}, options.signal);
  }
}

async function tryToLock(path: string, exclusive: boolean): Promise<Deno.FsFile | undefined> {
  const file = await openFile(path);
  if (!file) return undefined;
  try {
    // Its last owner may have removed the file: the lock of a file without a name excludes nobody.
    if (await file.tryLock(exclusive) && isNamed(file, path)) return file;
  } catch (error) {
    file.close();
    throw explainWrite(path, error);
  }
  file.close();
  return undefined;
}

/** Opens the file; `undefined` when somebody removes its folder at this very moment. */
async function openFile(path: string): Promise<Deno.FsFile | undefined> {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    await refuseLink(path);
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explainWrite(path, error);
  }
}

/** A lock by a link would be that of another file, which opening would make, besides. */
async function refuseLink(path: string): Promise<void> {
  if (!(await lstatIfExists(path))?.isSymlink) return;
  throw new ConflictError(`Cannot lock ${quote(path)}: a symbolic link is in its place`, {
    path,
    remedy: "remove the link",
  });
}

function ownedLock(path: string, file: Deno.FsFile, removeFile = false): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      // Windows keeps the name of a removed file taken until the last handle is closed.
      if (removeFile && Deno.build.os !== "windows") await removeIfExists(path);
      await file.unlock();
      file.close();
    },
  };
}
