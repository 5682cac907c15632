/** The page of `serve` as it is in this tree, and whether a server has it. @module */
import assert from "node:assert/strict";

/** The folder of its files. */
export const CLIENT = new URL("../../src/server/page/client/", import.meta.url);

/** What the folder has for editors and checks alone, and the document itself. */
const NOT_SERVED = ["answers.d.ts", "tsconfig.json", "index.html"];

/** The paths of its files below `/_/`, in order. */
export async function pageFiles(folder = CLIENT, prefix = ""): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const paths = await Promise.all(
    entries.map(({ name, isDirectory }) =>
      isDirectory ? pageFiles(new URL(`${name}/`, folder), `${prefix}${name}/`) : [prefix + name]
    ),
  );
  return paths.flat().filter((path) => !NOT_SERVED.includes(path)).sort();
}

/** Holds that a server has each file of the page, byte for byte. */
export async function assertHasPage(url: string): Promise<void> {
  const files = await pageFiles();
  assert.ok(files.length > 20);
  for (const [path, file] of [["/", "index.html"], ...files.map((file) => [`/_/${file}`, file])]) {
    const answer = await fetch(`${url}${path}`);
    assert.equal(answer.status, 200, path);
    assert.equal(await answer.text(), await Deno.readTextFile(new URL(file!, CLIENT)), path);
  }
}
