/**
 * `deno task man [--output FOLDER]`: the manual pages of all commands, made of their definitions.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { manPages } from "./docs/man_pages.ts";

/** Writes the pages into a folder, which is made, and returns their paths. */
export async function writeManPages(folder: string): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const pages = await manPages();
  return await Promise.all(pages.map(async ({ file, text }) => {
    const path = join(folder, file);
    await Deno.writeTextFile(path, text);
    return path;
  }));
}

if (import.meta.main) {
  const folder = fileURLToPath(new URL("../dist/man/man1", import.meta.url));
  const { values } = parseArgs({ options: { output: { type: "string", default: folder } } });
  for (const path of await writeManPages(resolve(values.output))) console.log(path);
  // The context of a run listens for interrupts, which would keep this script waiting.
  Deno.exit(0);
}
