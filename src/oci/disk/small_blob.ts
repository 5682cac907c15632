/**
 * Small blobs on their way into the local store: through memory, and at once into the folder that
 * they have in the end.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { explainWrite } from "../../core/file_errors.ts";
import { removeIfExists } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { BlobSource } from "../../core/content/source.ts";
import { readVerified } from "../../core/content/read_source.ts";
import type { Descriptor } from "../descriptor.ts";
import type { DiskStore } from "../disk_store.ts";

/** Blobs up to this size, in bytes, pass through memory. */
export const SMALL_BLOB = 1024 * 1024;

/** Takes a small blob that the store does not have. */
export async function takeSmall(
  descriptor: Descriptor,
  source: BlobSource,
  { store, uploads, ...options }: OperationOptions & {
    readonly store: DiskStore;
    /** The folder of the uploads of a repository. */
    readonly uploads: string;
  },
): Promise<void> {
  const bytes = await readVerified(source, descriptor, options);
  const folder = join(uploads, crypto.randomUUID());
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeFileSync(join(folder, "data"), bytes);
    if (!await store.blobs.addFolder(folder, descriptor)) await removeIfExists(folder);
  } catch (error) {
    await removeIfExists(folder);
    throw explainWrite(folder, error);
  }
}
