/**
 * `deno task install [--prefix FOLDER]`: puts the program into a folder of the path, under all of
 * its names. The compiled binary is copied when `deno task build` has made one; otherwise each name
 * is a launcher that runs a bundle of this tree, which lies beside it, in a process of that name,
 * so that `pgrep modctl` finds it.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle, BUNDLE_ENTRY } from "./bundle.ts";

/** The names of the program; it answers to the one it is called by. */
export const NAMES = ["modelops", "modctl", "modelops-bundles"] as const;

/** What {@linkcode install} works on. */
export interface InstallOptions {
  /** The compiled binary; it need not exist. */
  readonly binary: string;
  /** Writes the program that a launcher runs when there is no binary into a folder. */
  bundle(folder: string): Promise<void>;
}

/** Installs every name into a folder and returns the paths. Each is complete before it is named. */
export async function install(
  folder: string,
  { binary, bundle }: InstallOptions,
): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const compiled = await exists(binary);
  const own = join(folder, ".modelops");
  if (!compiled) await bundle(join(own, "bundle"));
  const paths: string[] = [];
  for (const name of NAMES) {
    const [path, scratch] = [join(folder, name), join(folder, `.${name}.new`)];
    if (compiled) await Deno.copyFile(binary, scratch);
    else await Deno.writeTextFile(scratch, launcher(own, await runtime(own, name)));
    await Deno.chmod(scratch, 0o755);
    await Deno.rename(scratch, path);
    paths.push(path);
  }
  return paths;
}

/** A link to the runtime that has the name of the program: that is what the process is called. */
async function runtime(folder: string, name: string): Promise<string> {
  const [path, scratch] = [join(folder, name), join(folder, `.${name}.new`)];
  await Deno.symlink(Deno.execPath(), scratch);
  await Deno.rename(scratch, path);
  return path;
}

/** The script that runs the bundle; a `deno.json` of the user has nothing to do with it. */
function launcher(folder: string, runtime: string): string {
  const entry = join(folder, "bundle", BUNDLE_ENTRY);
  const options = "-A --quiet --no-config --no-lock";
  return `#!/bin/sh\nexec ${shellQuote(runtime)} run ${options} ${shellQuote(entry)} "$@"\n`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { prefix: { type: "string" } } });
  const folder = resolve(values.prefix ?? join(homedir(), ".local", "bin"));
  const binary = fileURLToPath(new URL("../dist/modelops", import.meta.url));
  const paths = await install(folder, { binary, bundle });
  for (const path of paths) console.log(path);
  const inPath = (Deno.env.get("PATH") ?? "").split(delimiter).includes(folder);
  if (!inPath) console.error(`hint: add ${folder} to PATH`);
}
