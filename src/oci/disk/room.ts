/**
 * What contents take of the disk of the local store.
 * @module
 */
import { type Digest, digestUuid } from "../../core/digest.ts";
import { lstatIfExistsSync } from "../../core/files.ts";
import { bytesOnDisk } from "../../core/folders/room.ts";
import { join } from "../../core/runtime/path.ts";
import type { Descriptor } from "../descriptor.ts";
import type { DiskLayout } from "../disk_layout.ts";

/** Where a large blob lies while it comes. */
export interface ReceivingPlace {
  /** Folder of the upload. */
  readonly folder: string;
  /** Path of its bytes, without the ending. */
  readonly base: string;
}

/** The place of a blob on its way into a repository: the same whenever it is tried again. */
export function receivingPlace(
  layout: DiskLayout,
  repository: string,
  digest: Digest,
): ReceivingPlace {
  // The same whenever it is tried again.
  const folder = join(layout.uploads(repository), digestUuid(digest));
  // Not `data` itself, which is open to whoever takes up the upload by its id.
  return { folder, base: join(folder, "data") };
}

/**
 * Bytes that a content will take: none where its file is here, whichever repository brought it, and
 * what is missing where some of it has come.
 */
export function roomFor(
  layout: DiskLayout,
  repository: string,
  { digest, size }: Descriptor,
): number {
  if (lstatIfExistsSync(layout.blobData(digest))?.size === size) return 0;
  const { base } = receivingPlace(layout, repository, digest);
  return Math.max(0, size - bytesOnDisk(`${base}.partial`));
}
