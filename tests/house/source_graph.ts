/** Which file of the product imports what, as `deno info --json` resolves it. @module */
import { repositoryPath, repositoryRoot, toRepositoryPath } from "./repository.ts";
import { tempFolder } from "../support/temp.ts";
import { runOk } from "../support/command.ts";

/** One import of one file; type imports and dynamic imports count like all others. */
export interface Import {
  /** As written in the file. */
  readonly specifier: string;
  /** The file of ours that it means, relative to the root of the tree; absent for all else. */
  readonly file?: string;
  /** Where the types come from, when `@ts-types` says that it is another package. */
  readonly types?: string;
}

/** The imports of every file of the product, by path relative to the root of the tree. */
export type SourceGraph = ReadonlyMap<string, readonly Import[]>;

/** The part of the output of `deno info --json` that is read here. */
interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** The files whose imports are the product's: both entries and everything in `src`. */
export async function productFiles(): Promise<string[]> {
  return ["mod.ts", "cli.ts", ...await sourceFiles("src")];
}

/** Paths of the TypeScript files in a folder and below, relative to the tree's root, sorted. */
async function sourceFiles(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(new URL(`${folder}/`, repositoryRoot)));
  const paths = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return sourceFiles(path);
    return name.endsWith(".ts") ? [path] : [];
  }));
  return paths.flat().sort();
}

/**
 * Reads the graph of the given files and everything they import.
 * @throws {Error} when a file is missing or cannot be parsed.
 */
export async function readSourceGraph(files: readonly string[]): Promise<SourceGraph> {
  await using folder = await tempFolder();
  // One root that imports all: files that nothing else reaches are in the graph too.
  const lines = files.map((file) => `import ${JSON.stringify(new URL(file, repositoryRoot))};\n`);
  const root = await folder.write("root.ts", lines.join(""));
  const { stdout } = await runOk(Deno.execPath(), ["info", "--json", root], {
    cwd: repositoryPath(),
  });
  const { modules } = JSON.parse(stdout) as { modules: readonly ModuleInfo[] };
  return new Map(modules.flatMap((module) => {
    const path = toRepositoryPath(module.specifier);
    if (path === undefined) return [];
    if (module.error !== undefined) throw new Error(`Cannot read "${path}": ${module.error}`);
    return [[path, importsOf(module)]];
  }));
}

function importsOf(module: ModuleInfo): Import[] {
  return (module.dependencies ?? []).map(({ specifier, code, type }) => ({
    specifier,
    file: toRepositoryPath((code ?? type)?.specifier),
    types: type?.specifier?.startsWith("npm:") ? type.specifier : undefined,
  }));
}
