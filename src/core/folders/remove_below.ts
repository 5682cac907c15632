/**
 * Removes some of what is below a folder, and nothing elsewhere.
 * @module
 */
import { join } from "../runtime/path.ts";
import { lstatIfExistsSync, readDirIfExists, removeIfExists } from "../files.ts";
import { pinFolder, type PinnedFolder } from "./pinned_folder.ts";

/** What to remove. */
export interface RemoveBelowOptions {
  readonly signal?: AbortSignal;
  /** Whether something is to be removed, by the path that its name gives it. */
  readonly isOurs: (path: string, entry: Deno.DirEntry) => boolean;
}

/** What was removed. */
export interface Removed {
  /** Files; a folder counts as one. */
  files: number;
  /** Their bytes. */
  bytes: number;
}

/**
 * Removes what is ours below a folder that may be missing. Links are not followed, not even those
 * that take the place of a folder meanwhile: each folder is searched by a path of its own.
 */
export async function removeBelow(root: string, options: RemoveBelowOptions): Promise<Removed> {
  const removed = { files: 0, bytes: 0 };
  const folder = pinFolder(root, []);
  if (typeof folder === "string") return removed;
  using pinned = folder;
  await search(pinned, root, { ...options, removed });
  return removed;
}

async function search(
  folder: PinnedFolder,
  path: string,
  options: RemoveBelowOptions & { readonly removed: Removed },
): Promise<void> {
  options.signal?.throwIfAborted();
  for (const entry of await readDirIfExists(folder.path)) {
    const [place, name] = [join(folder.path, entry.name), join(path, entry.name)];
    if (options.isOurs(name, entry)) {
      if (!folder.isSame()) return;
      options.removed.files++;
      options.removed.bytes += lstatIfExistsSync(place)?.size ?? 0;
      await removeIfExists(place);
    } else if (entry.isDirectory) {
      const below = pinFolder(folder.path, [entry.name]);
      // What took its place meanwhile is nothing of ours.
      if (typeof below === "string") continue;
      using pinned = below;
      await search(pinned, name, options);
    }
  }
}
