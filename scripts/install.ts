/**
 * `deno task install [--prefix FOLDER]`: puts the program into a folder of the path, under all of
 * its names. The compiled binary is copied when `deno task build` has made one; otherwise each name
 * is a launcher that runs this tree, in a process of that name, so that `pgrep modctl` finds it.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** The names of the program; it answers to the one it is called by. */
export const NAMES = ["modelops", "modctl", "modelops-bundles"] as const;

/** What {@linkcode install} works on. */
export interface InstallOptions {
  /** The compiled binary; it need not exist. */
  readonly binary: string;
  /** The file that a launcher runs when there is no binary. */
  readonly entry: string;
}

/** Installs every name into a folder and returns the paths. Each is complete before it is named. */
export async function install(
  folder: string,
  { binary, entry }: InstallOptions,
): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const compiled = await exists(binary);
  if (!compiled) await fetchPackages(entry);
  const paths: string[] = [];
  for (const name of NAMES) {
    const [path, scratch] = [join(folder, name), join(folder, `.${name}.new`)];
    if (compiled) await Deno.copyFile(binary, scratch);
    else await Deno.writeTextFile(scratch, launcher(await runtime(folder, name), entry));
    await Deno.chmod(scratch, 0o755);
    await Deno.rename(scratch, path);
    paths.push(path);
  }
  return paths;
}

/** Fetches what the program imports, so that a launcher works without a network. */
async function fetchPackages(entry: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", entry],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  if (success) return;
  throw new Error(`Cannot fetch what ${entry} imports: ${new TextDecoder().decode(stderr).trim()}`);
}

/** A link to the runtime that has the name of the program: that is what the process is called. */
async function runtime(folder: string, name: string): Promise<string> {
  const links = join(folder, ".modelops");
  await Deno.mkdir(links, { recursive: true });
  const [path, scratch] = [join(links, name), join(links, `.${name}.new`)];
  await Deno.symlink(Deno.execPath(), scratch);
  await Deno.rename(scratch, path);
  return path;
}

/**
 * The script that runs the tree. The runtime would read every file that any command may import
 * before it starts, which takes as long as the shortest commands; this variable makes it read those
 * of the command that runs. A runtime that does not know the variable ignores it, unlike a flag.
 */
function launcher(runtime: string, entry: string): string {
  const run = `${shellQuote(runtime)} run -A --quiet ${shellQuote(entry)} "$@"`;
  return `#!/bin/sh\nDENO_UNSTABLE_LAZY_DYNAMIC_IMPORTS=1 exec ${run}\n`;
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
  const inTree = (path: string) => fileURLToPath(new URL(path, new URL("../", import.meta.url)));
  const paths = await install(folder, { binary: inTree("dist/modelops"), entry: inTree("cli.ts") });
  for (const path of paths) console.log(path);
  const inPath = (Deno.env.get("PATH") ?? "").split(delimiter).includes(folder);
  if (!inPath) console.error(`hint: add ${folder} to PATH`);
}
