/**
 * Objects to files.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { parseDigest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import { reported } from "../core/progress.ts";
import { type BlobSource, taken } from "../core/content/source.ts";
import { digestCheck } from "../transfer/content_check.ts";
import { KEPT_FROM } from "../transfer/partial_file.ts";
import { PARALLEL_FROM, transferToFile } from "../transfer/to_file.ts";
import { checkObjectSize } from "./object_size.ts";
import type { ObjectStore } from "./object_store.ts";
import { quoteUri } from "./object_uri.ts";

/** What is downloaded, and where it may wait. */
export interface DownloadOptions extends OperationOptions {
  /** Size of the object in bytes. */
  readonly size: number;
  /** SHA-256 of the object, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /**
   * Folder on the file system of the target that keeps what was downloaded of an object when the
   * download fails, for the next one of the same content. Without it nothing is kept.
   */
  readonly partialFolder?: string;
  /** A path of the target's folder that nothing can be put in place of; its name when absent. */
  readonly folder?: string;
  /** Ranges of a large object that are under way at once; 4 when absent. */
  readonly concurrency?: number;
  /** What progress calls the object; its address when absent. */
  readonly shownName?: string;
}

/**
 * Downloads an object to a file, in place of a file that has its name. Missing folders are made. A
 * large object comes in several ranges at once.
 * @throws {IntegrityError} when the object has another size or digest; nothing is kept of it then.
 */
export async function downloadToFile(
  store: ObjectStore,
  uri: string,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const { size, sha256, folder, partialFolder, concurrency, signal, log } = options;
  const check = digestCheck(parseDigest(`sha256:${sha256}`));
  const large = size >= PARALLEL_FROM;
  const item = { id: uri, name: options.shownName ?? uri, size, phase: "download" } as const;
  const elsewhere = (failure: unknown) => store.elsewhere?.(uri, failure) ?? Promise.resolve(false);
  const receive = () =>
    reported(item, options, async (onBytes) => {
      const etag = large ? await versionOf(store, uri, options) : undefined;
      const source: BlobSource = {
        size,
        open: ({ range, signal } = {}) => store.open(uri, { range, etag, size, signal, log }),
      };
      await transferToFile(source, path, {
        what: quoteUri(uri),
        check,
        folder,
        partialBase: partialFolder && size >= KEPT_FROM
          ? join(partialFolder, `${sha256}-${size}`)
          : undefined,
        concurrency,
        signal,
        log,
        onBytes,
      });
    });
  await taken(receive, elsewhere);
}

/** The version of an object, whose size is looked at before the first byte moves. */
async function versionOf(
  store: ObjectStore,
  uri: string,
  options: DownloadOptions,
): Promise<string | undefined> {
  const { size, etag } = await store.stat(uri, options);
  checkObjectSize(uri, size, options.size);
  return etag;
}
