/**
 * Makes the modules of a folder shorter; a program of its own, since what it imports is not to be
 * in the lockfile: all that is named there is downloaded by the first run of the product.
 * @module
 */
import { join } from "node:path";
import { SHORTER, withEsbuild } from "../npm/tools.ts";

const [folder = ""] = Deno.args;
const options = { ...SHORTER, format: "esm", target: "esnext", legalComments: "none" };
await withEsbuild(async (esbuild) => {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const { code } = await esbuild.transform(await Deno.readTextFile(path), options);
    await Deno.writeTextFile(path, code);
  }
});
