/**
 * What Linux tells of this process.
 * @module
 */
import { isMissing } from "../file_errors.ts";

/**
 * The text of a file below `/proc/self`; `undefined` where there is none, and where the run may not
 * read it: the runtime gives most of them only to one that may do everything.
 */
export function readKernelFile(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || isMissing(error)) return undefined;
    throw error;
  }
}
