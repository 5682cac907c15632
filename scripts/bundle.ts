/**
 * `deno task bundle [--output FOLDER]`: the program as JavaScript that needs nothing but the
 * runtime: `modelops.js`, the worker, and a chunk for each thing that is loaded when it is used.
 * The same tree gives the same bytes.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** The file of a bundle that is run. */
export const BUNDLE_ENTRY = "modelops.js";

/** What a bundle is made of: the program, and its worker. */
export const BUNDLE_SOURCES = ["scripts/bundle/modelops.ts", "scripts/bundle/worker.ts"];

const root = fileURLToPath(new URL("../", import.meta.url));

/** A change to what the bundler writes. */
interface Rewrite {
  readonly what: string;
  readonly pattern: RegExp;
  readonly replacement: string;
  /** In how many files it is found. */
  readonly files: "one" | "some";
}

const REWRITES: readonly Rewrite[] = [
  {
    // The runtime reads what a literal names before it starts, also where it is never imported.
    what: "imports of chunks",
    pattern: /\bimport\(("\.\/[^"]+\.js")\)/g,
    replacement: "import((0,$1))",
    files: "some",
  },
  {
    // Packages of CommonJS ask for parts of the runtime; most commands use none of them.
    what: "the helper of require()",
    pattern:
      /import\{createRequire as ([\w$]+)\}from"node:module";([^]*?)\b([\w$]+)=\1\(import\.meta\.url\)/,
    replacement: "$2$3=(name)=>" +
      'process.getBuiltinModule("node:module").createRequire(import.meta.url)(name)',
    files: "one",
  },
  {
    // The parser of arguments imports them to start other programs, which ours does not have it do.
    what: "parts of the runtime that are loaded for nothing",
    pattern: /\bimport ([\w$]+) from"(node:(?:child_process|fs|process))";/g,
    replacement: "const $1=new Proxy({},{get:(_,name)=>" +
      'globalThis.process.getBuiltinModule("$2")[name]});',
    files: "some",
  },
];

/** Where the worker of a bundle is. */
const WORKER_ADDRESS: Rewrite = {
  what: "the address of the worker",
  pattern: /"\.\/worker\.ts"/g,
  replacement: '"./worker.js"',
  files: "one",
};

/** Writes the bundle into a folder; what was there before is replaced as a whole. */
export async function bundle(folder: string): Promise<void> {
  await Deno.mkdir(dirname(folder), { recursive: true });
  const scratch = await Deno.makeTempDir({
    dir: dirname(folder),
    prefix: `.${basename(folder)}-`,
  });
  try {
    await bundleModules(scratch, BUNDLE_SOURCES);
    await minify(scratch);
    for (const rewrite of REWRITES) await apply(rewrite, scratch);
    await Deno.chmod(scratch, 0o755);
    await replaceFolder(folder, scratch);
  } catch (error) {
    await Deno.remove(scratch, { recursive: true });
    throw error;
  }
}

/** Puts a folder where another one may be; between the two there is nothing for a moment only. */
export async function replaceFolder(folder: string, by: string): Promise<void> {
  const old = `${by}.old`;
  const replaced = await Deno.rename(folder, old).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
  await Deno.rename(by, folder);
  if (replaced) await Deno.remove(old, { recursive: true });
}

/**
 * Writes modules with all that they import, what they share in files of its own.
 * @param entries Files of this tree; their names, and folders below the one they share, are those
 * of the output.
 */
export async function bundleModules(folder: string, entries: readonly string[]): Promise<void> {
  // The bundler fetches no package; `deno run` fetches those that it comes to, and no others.
  await runDeno(["cache", "--quiet", ...entries]);
  await runDeno([
    ...["bundle", "--quiet", "--platform", "deno", "--code-splitting"],
    // Names of classes are what some packages tell errors apart by.
    ...["--keep-names", "--outdir", folder, ...entries],
  ]);
  await apply(WORKER_ADDRESS, folder);
}

/** Makes the modules of a folder shorter; Deno's own `--minify` would change their syntax too. */
async function minify(folder: string): Promise<void> {
  const script = fileURLToPath(new URL("./bundle/minify.ts", import.meta.url));
  await runDeno(["run", "-A", "--quiet", "--no-lock", "--no-config", script, folder]);
}

async function runDeno(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  if (success) return;
  throw new Error(`Cannot bundle the program: ${new TextDecoder().decode(stderr).trim()}`);
}

/**
 * Changes the files of a folder.
 * @throws {Error} when the bundler does not write what is to be changed any more.
 */
async function apply({ what, pattern, replacement, files }: Rewrite, folder: string) {
  let found = 0;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile) continue;
    const path = join(folder, name);
    const text = await Deno.readTextFile(path);
    const changed = text.replace(pattern, replacement);
    if (changed === text) continue;
    found++;
    await Deno.writeTextFile(path, changed);
  }
  if (files === "one" ? found === 1 : found > 0) return;
  throw new Error(`Cannot bundle the program: found ${what} in ${found} files, want ${files}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { output: { type: "string", default: join(root, "dist", "bundle") } },
  });
  const folder = resolve(values.output);
  await bundle(folder);
  console.log(join(folder, BUNDLE_ENTRY));
}
