/**
 * Login files that several commands change at once: each reads what the one before has written.
 * @module
 */
import { ConflictError, ModelOpsError, UnsupportedError } from "../../core/errors.ts";
import { explainWrite, isMissing } from "../../core/file_errors.ts";
import { makePrivateFolder } from "../../core/files.ts";
import { basename, dirname, join } from "../../core/runtime/path.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import { quote } from "../../core/text.ts";

/** Milliseconds to wait for others; a change takes a few. */
const PATIENCE = 30_000;

/**
 * Changes a file that only its owner can read, and keeps others of this program from changing it
 * meanwhile. Its folder is made where it is missing, for the user alone.
 * @param change Reads the file and gives its new text; `undefined` leaves it as it is.
 */
export async function changeFile(
  path: string,
  change: () => Promise<string | undefined>,
): Promise<void> {
  try {
    await makePrivateFolder(dirname(path));
  } catch (error) {
    throw explainWrite(path, error);
  }
  const target = await targetOf(path);
  await using _lock = await lockBeside(target);
  const text = await change();
  if (text === undefined) return;
  await writeFileAtomic(target, new TextEncoder().encode(text), { mode: 0o600, tidy: true });
}

/** The file itself: people keep such files elsewhere and put a link in their place. */
async function targetOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (isMissing(error)) return path;
    throw explainWrite(path, error);
  }
}

/** Locks a hidden file beside another, which cannot be locked itself: it is replaced as a whole. */
async function lockBeside(path: string): Promise<AsyncDisposable> {
  const { lockFile } = await import("../../core/file_lock.ts");
  try {
    return await lockFile(join(dirname(path), `.${basename(path)}.lock`), {
      exclusive: true,
      removeFile: true,
      timeout: PATIENCE,
      waiting: `Waiting for another command that changes ${quote(path)}`,
      busy: () => new ConflictError(`Cannot write ${quote(path)}: another command changes it`),
    });
  } catch (error) {
    // Where files cannot be locked, as on some network disks, who comes last wins.
    if (error instanceof UnsupportedError) return { [Symbol.asyncDispose]: async () => {} };
    throw error instanceof ModelOpsError ? explainWrite(path, error.cause ?? error) : error;
  }
}
