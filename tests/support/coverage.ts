/** Which files a run of the program has loaded. @module */
import { tempFolder } from "./temp.ts";

/**
 * Runs something with an environment in which the runtime writes the coverage of every file that it
 * loads, workers included, and returns the URLs of the files.
 */
export async function filesLoadedBy(
  run: (env: Record<string, string>) => Promise<unknown>,
): Promise<string[]> {
  await using folder = await tempFolder();
  await run({ DENO_COVERAGE_DIR: folder.path });
  const urls: string[] = [];
  for await (const { name } of Deno.readDir(folder.path)) {
    urls.push(JSON.parse(await Deno.readTextFile(folder.join(name))).url);
  }
  return urls;
}
