/**
 * `deno task npm [--output FOLDER]`: packs `modelops-VERSION.tgz` for Node 20 and later, with the
 * commands (`npx modelops`) and the library (`import { … } from "modelops"`). It depends on
 * nothing; `npm` makes the archive.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { NAMES } from "./install.ts";
import { LIBRARY_ENTRIES } from "./npm/entries.ts";

const tree = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The `package.json` of the package. */
export function packageDocument() {
  const entries = LIBRARY_ENTRIES.map(({ path, name }) => ({
    path,
    types: `./dist/${name}.d.ts`,
    default: `./dist/${name}.js`,
  }));
  const [first, ...rest] = entries;
  return {
    name: "modelops",
    version: config.version,
    description: "Package machine-learning models as OCI artifacts, and move them",
    license: "Apache-2.0",
    type: "module",
    // One program, which asks by what name it was called.
    bin: Object.fromEntries(NAMES.map((name) => [name, "dist/modelops.js"])),
    exports: Object.fromEntries(entries.map(({ path, ...files }) => [path, files])),
    // For compilers that do not know `exports`.
    main: first!.default,
    types: first!.types,
    typesVersions: {
      "*": Object.fromEntries(rest.map(({ path, types }) => [path.slice("./".length), [types]])),
    },
    files: ["dist"],
    // The first of the line that has long-term support.
    engines: { node: ">=20.9" },
    // Files are locked with what systems of the family of Unix have.
    os: ["!win32"],
  };
}

/** Writes the files of the package into an empty folder. */
async function writePackage(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "dist"));
  const alone = ["run", "-A", "--quiet", "--no-lock", "--no-config"];
  await run(Deno.execPath(), [...alone, tree("scripts/npm/build.ts"), join(folder, "dist")], {
    cwd: tree(""),
  });
  await Deno.chmod(join(folder, "dist/modelops.js"), 0o755);
  const document = JSON.stringify(packageDocument(), undefined, 2);
  await Deno.writeTextFile(join(folder, "package.json"), document);
  for (const file of ["README.md", "LICENSE"]) await Deno.copyFile(tree(file), join(folder, file));
}

/** Runs a program to its end and gives what it printed. */
async function run(program: string, args: string[], { cwd }: { cwd: string }): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot pack: ${decoder.decode(stderr).trim()}`);
  return decoder.decode(stdout).trim();
}

/** Packs the package into a folder and returns the path of the archive. */
export async function packPackage(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: folder, prefix: ".npm-" });
  try {
    await writePackage(scratch);
    const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
    return join(folder, await run("npm", args, { cwd: scratch }));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { output: { type: "string", default: tree("dist/npm") } },
  });
  const archive = await packPackage(resolve(values.output));
  const { size } = await Deno.stat(archive);
  console.log(`${archive} (${(size / 1024 / 1024).toFixed(1)} MiB)`);
}
