/**
 * Large blobs that come from a source which writes them itself.
 * @module
 */
import { lstatIfExists, removeIfExists } from "../../core/files.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import type { BlobSource } from "../../core/content/source.ts";
import { digestCheck } from "../../transfer/content_check.ts";
import { transferToFile } from "../../transfer/to_file.ts";
import type { Descriptor } from "../descriptor.ts";
import { startUpload } from "../disk_ingest.ts";
import type { DiskStore } from "../disk_store.ts";
import { receivingPlace } from "./room.ts";

/** Where a blob goes. */
interface ReceiveOptions extends OperationOptions {
  readonly store: DiskStore;
  /** Name of the repository that its upload is in. */
  readonly repository: string;
}

/**
 * Takes a large blob from a source that writes it itself, going on with what a stopped run left.
 * The caller has the turn at it.
 */
export async function receiveBlob(
  descriptor: Descriptor,
  source: BlobSource,
  { store, repository, ...options }: ReceiveOptions,
): Promise<void> {
  const { digest } = descriptor;
  const { folder, base } = receivingPlace(store.layout, repository, digest);
  await startUpload(folder);
  try {
    await transferToFile(source, store.blobs.path(digest), {
      ...operationOptions(options),
      what: digest,
      check: digestCheck(digest),
      partialBase: base,
      place: async (file) => await store.blobs.add(file, descriptor),
    });
  } finally {
    // Nothing is to be gone on with when all is there, or what came was wrong.
    const kept = await lstatIfExists(`${base}.partial`);
    if (kept === undefined) await removeIfExists(folder);
  }
}
