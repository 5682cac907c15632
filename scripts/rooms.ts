/**
 * Finds folders of sources that have too many files to be one idea. Run as a program it looks at
 * `src`, and its exit code is 1 when there is one.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { readSources } from "./source_files.ts";

/** The most files a folder may have of its own, those of its folders aside. */
export const MOST_FILES = 25;

/** One sentence for each folder that has more than {@linkcode MOST_FILES} files. */
export function crowdedFolders(paths: Iterable<string>): string[] {
  const folders = Map.groupBy(paths, (path) => path.slice(0, path.lastIndexOf("/")));
  return Array.from(folders, ([folder, { length }]) => ({ folder, length }))
    .filter(({ length }) => length > MOST_FILES)
    .map(({ folder, length }) => `${folder} has ${length} files, more than ${MOST_FILES}`);
}

if (import.meta.main) {
  const crowded = crowdedFolders((await readSources("src")).keys());
  for (const sentence of crowded) console.log(sentence);
  Deno.exit(crowded.length === 0 ? 0 : 1);
}
