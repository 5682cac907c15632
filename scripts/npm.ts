/**
 * `deno task npm [--output FOLDER]`: packs `modelops-VERSION.tgz`, with which `npx modelops` works
 * where there is Node and npm. It holds the bundle, and depends on the `deno` package of npm: the
 * program runs in the one runtime that it is tested in. `npm` makes the archive.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { bundle } from "./bundle.ts";
import { NAMES } from "./install.ts";

const tree = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The `package.json` of the package. */
export function packageDocument(denoVersion: string) {
  return {
    name: "modelops",
    version: config.version,
    description: "Package machine-learning models as OCI artifacts, and move them",
    license: "Apache-2.0",
    type: "module",
    bin: Object.fromEntries(NAMES.map((name) => [name, `bin/${name}.mjs`])),
    files: ["bin", "bundle", "launch.mjs"],
    engines: { node: ">=20" },
    dependencies: { deno: denoVersion },
  };
}

/** Writes the files of the package into an empty folder. */
async function writePackage(folder: string): Promise<void> {
  await bundle(join(folder, "bundle"));
  const document = packageDocument(Deno.version.deno);
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(document, undefined, 2));
  for (const file of ["README.md", "LICENSE"]) await Deno.copyFile(tree(file), join(folder, file));
  await Deno.copyFile(tree("scripts/npm/launch.mjs"), join(folder, "launch.mjs"));
  await Deno.mkdir(join(folder, "bin"));
  for (const name of NAMES) {
    const script =
      `#!/usr/bin/env node\nimport { launch } from "../launch.mjs";\nlaunch("${name}");\n`;
    await Deno.writeTextFile(join(folder, "bin", `${name}.mjs`), script, { mode: 0o755 });
  }
}

/** Packs the package into a folder and returns the path of the archive. */
export async function packPackage(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: folder, prefix: ".npm-" });
  try {
    await writePackage(scratch);
    const { success, stdout, stderr } = await new Deno.Command("npm", {
      args: ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder],
      cwd: scratch,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`Cannot pack: ${decoder.decode(stderr).trim()}`);
    return join(folder, decoder.decode(stdout).trim());
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { output: { type: "string", default: tree("dist") } },
  });
  console.log(await packPackage(resolve(values.output)));
}
