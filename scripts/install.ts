/**
 * `deno task install`, or `deno run -A scripts/install.ts [--prefix FOLDER]`, which fetches less:
 * puts the program into a folder of the path, under all of its names. The compiled binary is copied
 * when `deno task build` has made one; otherwise each name is a launcher that runs a bundle of this
 * tree, which lies beside it, in a process of that name, so that `pgrep modctl` finds it.
 *
 * A bundle lies in a folder that is named by its content, and a launcher is switched to a new one
 * in one step. What ran before goes on with its own, of which it loads parts only when it uses
 * them, so earlier bundles stay for a week, and for as long as something runs them.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { digestBytes, digestHex } from "../src/core/digest.ts";
import { lstatIfExists, readDirIfExists, removeIfExists } from "../src/core/files.ts";
import { readKernelFile } from "../src/core/runtime/kernel_file.ts";
import { bundle, BUNDLE_ENTRY } from "./bundle.ts";
import { RUN_WORDS } from "./compile/run_words.ts";

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
  const current = compiled ? undefined : await installBundle(own, bundle);
  const paths: string[] = [];
  for (const name of NAMES) {
    const [path, scratch] = [join(folder, name), join(folder, `.${name}.new`)];
    if (current === undefined) await Deno.copyFile(binary, scratch);
    else await Deno.writeTextFile(scratch, launcher(current, await runtime(own, name)));
    await Deno.chmod(scratch, 0o755);
    await Deno.rename(scratch, path);
    paths.push(path);
  }
  await freeBundles(own, current);
  return paths;
}

/** Puts a bundle beside those that are there, and gives its folder. */
async function installBundle(own: string, bundle: InstallOptions["bundle"]): Promise<string> {
  const scratch = join(own, `.new-${crypto.randomUUID()}`);
  try {
    await bundle(scratch);
    const folder = join(own, `bundle-${await contentName(scratch)}`);
    // The same content: what is there may be in use, and stays as it is.
    if (!await exists(join(folder, BUNDLE_ENTRY))) await Deno.rename(scratch, folder);
    return folder;
  } finally {
    await removeIfExists(scratch);
  }
}

/** A name for what the files of a folder hold: the first digits of a digest. */
async function contentName(folder: string): Promise<string> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const lines: string[] = [];
  for (const name of names.sort()) {
    lines.push(`${name} ${digestBytes(await Deno.readFile(join(folder, name)))}`);
  }
  return digestHex(digestBytes(new TextEncoder().encode(lines.join("\n")))).slice(0, 16);
}

const BUNDLE_FOLDER = /^bundle(-[0-9a-f]{16})?$/;

/** The file of a bundle whose time tells when it was replaced by another. */
const REPLACED = ".replaced";

/** Milliseconds for which a bundle stays that was replaced: not every system tells who uses it. */
const REPLACED_TIME = 7 * 24 * 60 * 60 * 1000;

/** Removes the bundles that were replaced long ago, and that nothing runs. */
async function freeBundles(own: string, current: string | undefined): Promise<void> {
  for (const { name } of await readDirIfExists(own)) {
    const folder = join(own, name);
    if (!BUNDLE_FOLDER.test(name)) continue;
    const mark = join(folder, REPLACED);
    if (folder === current) {
      await removeIfExists(mark);
      continue;
    }
    const replaced = (await lstatIfExists(mark))?.mtime?.getTime();
    if (replaced === undefined) await Deno.writeTextFile(mark, "");
    else if (Date.now() - replaced > REPLACED_TIME && !await isRun(folder)) {
      await removeIfExists(folder);
    }
  }
}

/** Whether a process runs a program of a folder, where the system tells. */
async function isRun(folder: string): Promise<boolean> {
  for (const { name } of await readDirIfExists("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    if (readKernelFile(`/proc/${name}/cmdline`)?.includes(join(folder, "/"))) return true;
  }
  return false;
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
  const entry = join(folder, BUNDLE_ENTRY);
  const options = [...RUN_WORDS, "-A"].join(" ");
  return `#!/bin/sh\nexec ${shellQuote(runtime)} ${options} ${shellQuote(entry)} "$@"\n`;
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
  if (!inPath) console.error(`hint: export PATH="${folder}:$PATH"`);
}
