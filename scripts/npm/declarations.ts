/**
 * The types of the package for npm: of each entry of the library a file of declarations, which
 * holds what the API shows and nothing else. That needs neither Deno nor any package.
 * @module
 */
import { dirname, join } from "node:path";
import { dirname as parent, join as joined } from "node:path/posix";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { LIBRARY_ENTRIES } from "./entries.ts";
import { importTool } from "./tools.ts";

/** As much of TypeScript as is used. */
interface TypeScript {
  transpileDeclaration(
    text: string,
    options: { fileName: string; compilerOptions: Record<string, unknown> },
  ): { outputText: string };
  preProcessFile(text: string): { importedFiles: { fileName: string }[] };
}

/** As much of rollup as is used. */
interface Rollup {
  rollup(options: Record<string, unknown>): Promise<{
    write(options: Record<string, unknown>): Promise<unknown>;
    close(): Promise<void>;
  }>;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Writes the declarations into a folder, all beside each other. */
export async function writeDeclarations(folder: string): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    await declareFiles(scratch);
    await rollUp(scratch, folder);
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".d.ts")) await finish(join(folder, name));
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Declares each file that an entry leads to, by itself: what it exports has types of its own. */
async function declareFiles(folder: string): Promise<void> {
  const typescript = (await importTool<{ default: TypeScript }>("typescript")).default;
  const compilerOptions = { isolatedDeclarations: true, declaration: true, target: "ESNext" };
  const files = new Set(LIBRARY_ENTRIES.map(({ source }) => source));
  for (const file of files) {
    const text = await Deno.readTextFile(join(root, file));
    const { outputText } = typescript.transpileDeclaration(text, {
      fileName: file,
      compilerOptions,
    });
    const path = declarationOf(join(folder, file));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, corrected(outputText));
    for (const { fileName } of typescript.preProcessFile(outputText).importedFiles) {
      if (fileName.startsWith(".")) files.add(joined(parent(file), fileName));
    }
  }
}

/** Changes to what the compiler writes. */
const CORRECTIONS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // An import of a file of this tree.
  [/(from |import\()"(\.[^"]+)\.ts"/g, '$1"$2.d.ts"'],
  // Seeing one file at a time, it declares a method of this name a second time, as a property.
  [
    /^( *\/\*\*[^\n]*\*\/\n)? *\[Symbol\.(asyncDispose|dispose|asyncIterator|iterator)\]: \(\) => .*;\n/gm,
    "",
  ],
  // Compilers that write for the oldest engines refuse the sign, also in declarations.
  [/^( *)#private;$/gm, '$1private readonly "#private";'],
];

function corrected(declarations: string): string {
  return CORRECTIONS.reduce(
    (text, [pattern, replacement]) => text.replace(pattern, replacement),
    declarations,
  );
}

function declarationOf(file: string): string {
  return file.replace(/\.ts$/, ".d.ts");
}

/** Joins what each entry shows, and leaves out what none does. */
async function rollUp(from: string, to: string): Promise<void> {
  const { rollup } = await importTool<Rollup>("rollup");
  const { dts } = await importTool<{ dts(): unknown }>("rollup-plugin-dts");
  const joined = await rollup({
    input: Object.fromEntries(
      LIBRARY_ENTRIES.map(({ name, source }) => [name, declarationOf(join(from, source))]),
    ),
    plugins: [dts()],
    external: [/^node:/, /^npm:/],
  });
  const chunkFileNames = (chunk: { name: string }) =>
    `types-${chunk.name.replace(/\.d$/, "")}.d.ts`;
  await joined.write({ dir: to, entryFileNames: "[name].d.ts", chunkFileNames });
  await joined.close();
}

/**
 * Gives a file what the platform's types come from, and the package's name on npm.
 * @throws {Error} when the API shows a type that is not in the package.
 */
async function finish(path: string): Promise<void> {
  const text = (await Deno.readTextFile(path)).replaceAll(`"${config.name}`, '"modelops');
  const code = text.replace(/\/\*.*?\*\//gs, "");
  const foreign = /\bDeno\.\w+|"npm:[^"]+"/.exec(code);
  if (foreign) throw new Error(`Cannot declare the types of the package: ${foreign[0]} in ${path}`);
  await Deno.writeTextFile(path, `/// <reference types="node" />\n${text}`);
}
