/**
 * The lock of a workspace: one command writes to it, or several read it.
 * @module
 */
import { ConflictError } from "../../core/errors.ts";
import { isNotAllowed, isUnwritable } from "../../core/file_errors.ts";
import { lockFile, whenAlone } from "../../core/file_lock.ts";
import { lstatIfExists, removeIfExists } from "../../core/files.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { join } from "../../core/runtime/path.ts";
import { quote } from "../../core/text.ts";
import { LOCK_PATH, placeOf } from "./layout.ts";
import { RESERVED_FOLDER } from "./path.ts";

/** How to open a workspace. */
export interface OpenWorkspaceOptions extends OperationOptions {
  /** Milliseconds to wait for another command that uses it; 5 seconds when absent. */
  readonly lockTimeout?: number;
}

/**
 * Locks a workspace for who writes to it, until disposed.
 * @param path As it was given, for messages.
 * @throws {ConflictError} when another command keeps using it.
 */
export async function lockWorkspace(
  path: string,
  root: string,
  options: OpenWorkspaceOptions,
): Promise<AsyncDisposable> {
  return await lockFile(join(root, LOCK_PATH), {
    ...lockOptions(path, `write to workspace ${quote(path)}`, options),
    exclusive: true,
    below: root,
    removeFile: true,
  });
}

/**
 * Keeps others from writing to a workspace until disposed. A folder that is no workspace has no
 * lock; where nothing may be written nobody writes; and a run that may only read goes without.
 * @param action What is done, to follow "Cannot".
 * @throws {ConflictError} when another command keeps writing to it.
 */
export async function readWorkspace(
  path: string,
  action: string,
  options: OpenWorkspaceOptions,
): Promise<AsyncDisposable> {
  const root = await Deno.realPath(path);
  const lock = join(root, LOCK_PATH);
  if (!(await lstatIfExists(placeOf(root, RESERVED_FOLDER)))?.isDirectory) return NO_LOCK;
  const common = lockOptions(path, action, options);
  try {
    const shared = await lockFile(lock, { ...common, exclusive: false, below: root });
    return {
      [Symbol.asyncDispose]: async () => {
        await shared[Symbol.asyncDispose]();
        await whenAlone(lock, () => removeIfExists(lock));
      },
    };
  } catch (error) {
    if (!isUnwritable(error) && !isNotAllowed(error)) throw error;
    return NO_LOCK;
  }
}

const NO_LOCK: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

function lockOptions(path: string, action: string, options: OpenWorkspaceOptions) {
  return {
    ...operationOptions(options),
    timeout: options.lockTimeout ?? 5000,
    waiting: "Waiting for another command that uses the workspace",
    busy: () =>
      new ConflictError(`Cannot ${action}: another command is using it`, {
        path,
        remedy: "run the command again when the other one has finished",
      }),
  };
}
