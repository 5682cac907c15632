/**
 * `deno task docs [--output FOLDER]`: README, guides, the reference of the commands and that of the
 * library as one static site with a search over all of it, made by TypeDoc. TypeDoc comes from npm.
 * @module
 */
// deno-lint-ignore-file no-console -- printing is what this script is for
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { findTool, installTools, requireTool } from "./services.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The entries of the library, but not its program. */
const ENTRIES = Object.values(config.exports).filter((path) => !path.endsWith("cli.ts"));

/** Writes the site into a folder; what was there before is gone. */
export async function writeSite(folder: string): Promise<void> {
  if (findTool("typedoc") === undefined) await installTools(["typedoc"]);
  const scratch = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(scratch, "deno.d.ts"), await output(Deno.execPath(), ["types"]));
    await write(scratch, "tsconfig.json", compilerOptions());
    await write(scratch, "typedoc.json", siteOptions(folder));
    await output(requireTool("typedoc"), ["--options", join(scratch, "typedoc.json")], scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** How the sources are read; `deno check` has checked them, with packages that are not here. */
function compilerOptions() {
  return {
    compilerOptions: {
      ...{ target: "esnext", module: "esnext", moduleResolution: "bundler", lib: ["esnext"] },
      ...{ allowImportingTsExtensions: true, noEmit: true, resolveJsonModule: true },
      ...{ strict: true, skipLibCheck: true, types: [] },
    },
    files: ["deno.d.ts", ...ENTRIES.map((path) => resolve(root, path))],
  };
}

/** The options of TypeDoc: https://typedoc.org/documents/Options.html. */
function siteOptions(folder: string) {
  return {
    ...{ name: "modelops", out: folder, readme: join(root, "README.md"), basePath: root },
    entryPoints: ENTRIES.map((path) => resolve(root, path)),
    projectDocuments: [join(root, "docs", "*.md"), join(root, "CONTRIBUTING.md")],
    ...{ searchInComments: true, searchInDocuments: true },
    navigation: { includeFolders: false },
    highlightLanguages: ["console", "ini", "json", "sh", "toml", "ts", "yaml"],
    ...{ skipErrorChecking: true, disableGit: true, disableSources: true },
    ...{ excludePrivate: true, excludeExternals: true, githubPages: false },
    // A comment may name a part that is not public; it is shown without a link.
    validation: { invalidLink: false },
    ...{ logLevel: "Warn", treatWarningsAsErrors: true },
  };
}

async function write(folder: string, name: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(join(folder, name), JSON.stringify(value));
}

async function output(program: string, args: readonly string[], cwd = root): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const said = decoder.decode(stderr) + decoder.decode(stdout);
  throw new Error(`Cannot make the documentation: ${program} failed:\n${said.trim()}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { output: { type: "string", default: join(root, "dist", "docs") } },
  });
  const folder = resolve(values.output);
  await writeSite(folder);
  console.log(join(folder, "index.html"));
}
