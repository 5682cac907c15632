/**
 * Objects to files: small ones in one stream, large ones in ranges of which several are under way.
 *
 * The bytes are verified before the file has its name. With a folder for partial files a download that was
 * stopped or killed goes on where it was.
 * @module
 */
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { mapConcurrent } from "../core/concurrency.ts";
import { type Digest, parseDigest } from "../core/digest.ts";
import { IntegrityError } from "../core/errors.ts";
import { writeFileAtomic } from "../core/files.ts";
import { explainWrite } from "../core/file_errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { checkDigest, counted, sized, streamOf, verified } from "../core/streams.ts";
import type { ObjectStore } from "./object_store.ts";
import { quoteUri } from "./object_uri.ts";
import { PartialFile } from "../transfer/partial_file.ts";
import { PARTS_AT_ONCE, partSize } from "../transfer/parts.ts";
import { PrefixHasher } from "../transfer/prefix_hasher.ts";
import { reported } from "../core/progress.ts";

/** Objects from this size on, in bytes, come down in several ranges at once. */
export const PARALLEL_FROM = 32 * 1024 * 1024;

/** What is downloaded, and where it may wait. */
export interface DownloadOptions extends OperationOptions {
  /** Size of the object in bytes. */
  readonly size: number;
  /** SHA-256 of the object, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /**
   * Folder on the file system of the target that keeps what was downloaded of a large object when the
   * download fails, for the next one of the same content. Without it nothing is kept.
   */
  readonly partialFolder?: string;
  /** Ranges of a large object that are under way at once; 4 when absent. */
  readonly concurrency?: number;
}

/**
 * Downloads an object to a file, in place of a file that has its name. Missing folders are made.
 * @throws {IntegrityError} when the object has another size or digest; nothing is kept of it then.
 */
export async function downloadToFile(
  store: ObjectStore,
  uri: string,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const { size, signal } = options;
  const digest = parseDigest(`sha256:${options.sha256}`);
  const moving = { id: uri, name: uri, size, phase: "download" } as const;
  await reported(moving, options, async (onBytes) => {
    const download = { store, uri, path, digest, options, onBytes };
    if (size >= PARALLEL_FROM) await downloadLarge(download);
    else {
      let bytes = 0;
      const stream = await store.open(uri, { ...options, range: undefined });
      const content = streamOf(counted(stream, (count) => onBytes(bytes += count)));
      await writeFileAtomic(path, verified(content, { digest, size }, quoteUri(uri)), { signal });
    }
    return { result: undefined, skipped: false };
  });
}

interface Download {
  readonly store: ObjectStore;
  readonly uri: string;
  readonly path: string;
  readonly digest: Digest;
  readonly options: DownloadOptions;
  readonly onBytes: (bytes: number) => void;
}

async function downloadLarge(download: Download): Promise<void> {
  const { uri, path, digest, options } = download;
  const etag = await checkSize(download);
  for (;;) {
    await using partial = await openPartial(path, options);
    const resumed = partial.written > 0;
    try {
      checkDigest(digest, await fill(partial, { ...download, etag }), quoteUri(uri));
      return await partial.finish(path);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw explainWrite(path, error);
      partial.discard();
      // What an earlier run left may be at fault: a whole download of our own tells.
      if (!resumed) throw error;
    }
  }
}

/** Makes sure of the size before the first byte moves, and returns what tells this version of the object. */
async function checkSize({ store, uri, options }: Download): Promise<string | undefined> {
  const { size, etag } = await store.stat(uri, options);
  if (size === options.size) return etag;
  throw new IntegrityError(
    `Cannot accept ${quoteUri(uri)}: got ${size} bytes, want ${options.size}`,
    { expected: options.size, actual: size },
  );
}

/** Opens what an earlier download of the content has left, or a new partial file. */
async function openPartial(path: string, options: DownloadOptions): Promise<PartialFile> {
  const { size, sha256, partialFolder } = options;
  const content = { sha256, size, partSize: partSize(size) };
  const folder = partialFolder ?? dirname(path);
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.mkdir(folder, { recursive: true });
    const shared = partialFolder === undefined
      ? undefined
      : await PartialFile.open(join(folder, `${sha256}-${size}`), content);
    // Another process may be at it, which is no reason to wait for it.
    const partial = shared ?? await PartialFile.open(join(folder, `.${randomUUID()}`), content);
    if (shared === undefined) partial?.discard();
    return partial!;
  } catch (error) {
    throw explainWrite(path, error);
  }
}

/** Downloads the missing parts, and returns the digest of all. */
async function fill(
  partial: PartialFile,
  { store, uri, options, onBytes, etag, digest }: Download & { readonly etag: string | undefined },
): Promise<Digest> {
  const { concurrency = PARTS_AT_ONCE } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let bytes = partial.written;
  onBytes(bytes);
  using hasher = new PrefixHasher(partial);
  const missing = partial.parts.filter((part) => !partial.has(part));
  await mapConcurrent(missing, async (part) => {
    try {
      const stream = await store.open(uri, { ...options, signal, range: part, etag });
      const exact = sized(stream, { digest, size: part.end - part.start }, quoteUri(uri));
      await partial.write(part, counted(streamOf(exact), (count) => onBytes(bytes += count)));
      await hasher.catchUp();
    } catch (error) {
      // The others need not come to their ends.
      stop.abort(error);
      throw error;
    }
  }, { concurrency, signal });
  await hasher.catchUp();
  return hasher.digest();
}
