/**
 * Content of a repository that is not whole yet.
 * @module
 */
import { lstatIfExists, readDirIfExists } from "../../core/files.ts";
import { join } from "../../core/runtime/path.ts";
import type { DiskLayout } from "../disk_layout.ts";

/** Content that is not whole yet, and what becomes of it. */
export interface UnfinishedContent {
  /** The repository it belongs to. */
  readonly repository: string;
  /** Bytes of it that are there. */
  readonly bytes: number;
  /** When it was last written to, as RFC 3339. */
  readonly lastWritten: string;
  /** From when on pruning frees it, unless it is gone on with, as RFC 3339. */
  readonly freedFrom: string;
  /** Whether it was freed, or would be. */
  readonly removed: boolean;
}

/** An unfinished upload, and its folder or file. */
export type Unfinished = UnfinishedContent & { readonly path: string };

/** The files of an upload: taken in at once, or in parts. */
const PARTS = ["", "data", "data.partial", "taken"];

/** The unfinished content of a repository; what is older than the grace period is to be removed. */
export async function unfinishedIn(
  layout: DiskLayout,
  repository: string,
  { now, gracePeriod }: { readonly now: number; readonly gracePeriod: number },
): Promise<Unfinished[]> {
  const folder = layout.uploads(repository);
  const found: Unfinished[] = [];
  for (const { name } of await readDirIfExists(folder)) {
    const path = join(folder, name);
    const infos = await Promise.all(PARTS.map((part) => lstatIfExists(join(path, part))));
    const parts = infos.filter((info) => info !== undefined);
    const written = Math.max(0, ...parts.map(({ mtime }) => mtime?.getTime() ?? 0));
    found.push({
      path,
      repository,
      bytes: parts.reduce((sum, info) => sum + bytesOf(info), 0),
      lastWritten: new Date(written).toISOString(),
      freedFrom: new Date(written + gracePeriod).toISOString(),
      removed: now - written >= gracePeriod,
    });
  }
  return found;
}

/** A file that is written in parts has its full size from the start, and holes. */
function bytesOf({ isFile, size, blocks }: Deno.FileInfo): number {
  if (!isFile) return 0;
  return blocks === null ? size : Math.min(size, blocks * 512);
}
