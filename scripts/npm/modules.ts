/**
 * The modules of the package for npm: the commands, the worker and the library, with all that they
 * import, for Node 20 and later.
 *
 * Deno's bundler resolves what the sources import; esbuild puts the Node form of what they use of
 * the runtime (`src/platform/node`) in place of the globals, and writes the language of Node 20.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleModules } from "../bundle.ts";
import { LIBRARY_ENTRIES } from "./entries.ts";
import { SHORTER, withEsbuild } from "./tools.ts";

const PROGRAM = ["modelops", "worker"];

/** Writes the modules into a folder, all beside each other. */
export async function writeModules(folder: string): Promise<void> {
  const resolved = await Deno.makeTempDir();
  try {
    const program = PROGRAM.map((name) => ({ name, source: `scripts/npm/${name}.ts` }));
    const entries = [...program, ...LIBRARY_ENTRIES];
    await bundleModules(resolved, entries.map(({ source }) => source));
    const entryPoints = entries.map(({ name, source }) => ({
      in: join(resolved, source.replace(/\.ts$/, ".js")),
      out: name,
    }));
    await build({ entryPoints, outdir: folder, absWorkingDir: resolved });
  } finally {
    await Deno.remove(resolved, { recursive: true });
  }
}

async function build(what: Record<string, unknown>): Promise<void> {
  await withEsbuild((esbuild) =>
    esbuild.build({
      ...what,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      ...SHORTER,
      inject: [fileURLToPath(new URL("../../src/platform/node/mod.ts", import.meta.url))],
      logLevel: "warning",
    })
  );
}
