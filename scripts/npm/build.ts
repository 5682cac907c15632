/**
 * Writes what the package for npm has besides its documents into a folder. It runs by itself,
 * without the lockfile: see `tools.ts`.
 * @module
 */
import { writeDeclarations } from "./declarations.ts";
import { writeModules } from "./modules.ts";

const [folder] = Deno.args;
if (folder === undefined) throw new Error("Give the folder to write into");
await writeModules(folder);
await writeDeclarations(folder);
