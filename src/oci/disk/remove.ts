/** How what lies in the local store is removed. @module */
import { explainWrite } from "../../core/file_errors.ts";
import { removeIfExists } from "../../core/files.ts";

/**
 * Removes a file or a whole folder; one that is already gone is fine.
 * @throws {TransferError | AccessDeniedError} when the system does not let it.
 */
export async function remove(path: string): Promise<void> {
  await removeIfExists(path).catch((error) => {
    throw explainWrite(path, error);
  });
}
