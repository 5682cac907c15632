/**
 * Hashes files, several at once.
 * @module
 */
import { relative, sep } from "../../core/runtime/path.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, digestBytes, digestStream } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { reported, reportPlan, watchedSource } from "../../core/progress.ts";
import { readSource } from "../../core/content/read_source.ts";
import type { BlobSource } from "../../core/content/source.ts";
import { fileBelow } from "../../core/content/file_below.ts";
import type { FoundFile } from "../spec/files.ts";

/** How to hash. */
export interface HashOptions extends OperationOptions {
  /** Contents that stand for those on the disk, by path. */
  readonly replace?: ReadonlyMap<string, BlobSource>;
  /** Files hashed at once; 5 when absent or 0. */
  readonly concurrency?: number;
}

/** The content of a file, which fails when the file changes, and its digest. */
export interface HashedContent {
  readonly source: BlobSource;
  readonly digest: Digest;
}

/**
 * Hashes files below a folder, given by its real path, each once however many layers have it; what
 * comes back is by absolute path.
 */
export async function hashFiles(
  root: string,
  files: readonly FoundFile[],
  options: HashOptions,
): Promise<ReadonlyMap<string, HashedContent>> {
  const distinct = Map.groupBy(files, ({ absolute }) => absolute);
  const sources = await mapConcurrent(distinct, async ([absolute, [file]]) => {
    const { path } = file!;
    const place = relative(root, absolute).replaceAll(sep, "/");
    const source = options.replace?.get(path) ?? await fileBelow(root, place);
    return { absolute, path, source };
  }, options);
  reportPlan("hash", sources.map(({ source }) => source), options);
  const hashed = await mapConcurrent(sources, async ({ absolute, path, source }) => {
    return [absolute, { source, digest: await digestOf(path, source, options) }] as const;
  }, options);
  return new Map(hashed);
}

/** Files that are read at once, in bytes. */
const SMALL = 1024 * 1024;

async function digestOf(path: string, source: BlobSource, options: HashOptions): Promise<Digest> {
  const { signal } = options;
  const item = { id: path, phase: "hash", name: path, size: source.size } as const;
  return await reported(item, options, async (onBytes) => {
    const watched = watchedSource(source, onBytes);
    // A stream takes many times what a small file does.
    if (source.read && source.size <= SMALL) {
      return digestBytes(await readSource(watched, { signal }));
    }
    return (await digestStream(await watched.open({ signal }), { signal })).digest;
  });
}
