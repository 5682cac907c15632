/**
 * Whose turn it is to write an object of a folder, where several commands want to: one does, the
 * others wait, and find it there. Since nobody else writes it meanwhile, its hidden name is the
 * same each time, and what a killed command has left is replaced by the next one.
 * @module
 */
import { digestBytes, digestUuid } from "../core/digest.ts";
import { UnsupportedError } from "../core/errors.ts";
import { lockFile } from "../core/file_lock.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { dirname, join } from "../core/runtime/path.ts";
import { quoteUri } from "./object_uri.ts";
import type { ObjectPlace } from "./file_path.ts";

/** A turn, which disposing ends. */
export interface ObjectTurn extends AsyncDisposable {
  /** The UUID of the hidden name; absent where files cannot be locked, and anybody may write. */
  readonly hiddenId?: string;
}

/** Waits for the turn at an object whose folder is there. */
export async function objectTurn(
  { uri, root, path, name }: ObjectPlace,
  options: OperationOptions,
): Promise<ObjectTurn> {
  const hiddenId = digestUuid(digestBytes(new TextEncoder().encode(name)));
  try {
    const lock = await lockFile(join(dirname(path), `.${hiddenId}.lock`), {
      ...operationOptions(options),
      exclusive: true,
      removeFile: true,
      below: root,
      waiting: `Waiting for another command that writes ${quoteUri(uri)}`,
    });
    return { hiddenId, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}
