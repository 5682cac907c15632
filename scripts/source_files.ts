/**
 * The sources of this tree, as checks read them.
 * @module
 */

/** The root of the tree, as a `file:` URL. */
export const TREE = new URL("../", import.meta.url);

/** Paths and texts of all TypeScript files below a folder of the tree, ordered by path. */
export async function readSources(folder: string): Promise<ReadonlyMap<string, string>> {
  const sources: [string, string][] = [];
  for await (const entry of Deno.readDir(new URL(`${folder}/`, TREE))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) sources.push(...await readSources(path));
    else if (path.endsWith(".ts")) {
      sources.push([path, await Deno.readTextFile(new URL(path, TREE))]);
    }
  }
  return new Map(sources.sort(([a], [b]) => a < b ? -1 : 1));
}
