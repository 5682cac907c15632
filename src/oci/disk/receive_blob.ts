/**
 * Large blobs that come from a source which writes them itself.
 * @module
 */
import { type Digest, digestHex } from "../../core/digest.ts";
import { systemCode } from "../../core/file_errors.ts";
import { lockFile } from "../../core/file_lock.ts";
import { lstatIfExists, removeIfExists } from "../../core/files.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { join } from "../../core/runtime/path.ts";
import type { BlobSource } from "../../core/source.ts";
import { digestCheck } from "../../transfer/content_check.ts";
import { transferToFile } from "../../transfer/to_file.ts";
import type { Descriptor } from "../descriptor.ts";
import { startUpload } from "../disk_ingest.ts";
import type { DiskStore } from "../disk_store.ts";

/** Where a blob goes. */
interface ReceiveOptions extends OperationOptions {
  readonly store: DiskStore;
  /** Name of the repository that its upload is in. */
  readonly repository: string;
}

/**
 * Takes a large blob from a source that writes it itself, going on with what a stopped run left.
 */
export async function receiveBlob(
  descriptor: Descriptor,
  source: BlobSource,
  { store, repository, ...options }: ReceiveOptions,
): Promise<void> {
  const { digest } = descriptor;
  const folder = join(store.layout.uploads(repository), uploadId(digest));
  // Two processes that want the same blob: one receives it, the other waits and has it then.
  await using _turn = await lockFile(join(folder, "lock"), {
    ...options,
    exclusive: true,
    removeFile: true,
    waiting: `Waiting for another command that receives ${digest}`,
  });
  if (await store.blobs.isRight(descriptor, options)) {
    source.noteKept?.(descriptor.size);
    return await removeUpload(folder);
  }
  await startUpload(folder);
  try {
    await transferToFile(source, store.blobs.path(digest), {
      ...operationOptions(options),
      what: digest,
      check: digestCheck(digest),
      // Not `data` itself, which is open to whoever takes up the upload by its id.
      partialBase: join(folder, "data"),
      place: async (file) => await store.blobs.add(file, descriptor),
    });
  } finally {
    // Nothing is to be gone on with when all is there, or what came was wrong.
    const kept = await lstatIfExists(join(folder, "data.partial"));
    if (kept === undefined) await removeUpload(folder);
  }
}

/** Removes an upload; who waits for its turn may make it again at this moment, and removes it then. */
async function removeUpload(folder: string): Promise<void> {
  try {
    await removeIfExists(folder);
  } catch (error) {
    if (systemCode(error) !== "ENOTEMPTY") throw error;
  }
}

/**
 * The name of the upload of a content whose digest is known: the same whenever it is tried again.
 */
function uploadId(digest: Digest): string {
  const hex = digestHex(digest);
  return [8, 12, 16, 20, 32].map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end)).join(
    "-",
  );
}
