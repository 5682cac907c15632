/**
 * Programs of npm that bundles and the package for npm are made with. They are imported by names
 * that nobody sees beforehand: what a lockfile names is downloaded by the first run of the program.
 * @module
 */

const TOOLS = {
  "esbuild": "npm:esbuild@0.28.2",
  "rollup": "npm:rollup@4.68.8",
  "rollup-plugin-dts": "npm:rollup-plugin-dts@6.5.1",
  "typescript": "npm:typescript@5.9.3",
} as const;

/** Imports one of them. */
export async function importTool<Module>(name: keyof typeof TOOLS): Promise<Module> {
  return await import(TOOLS[name]);
}

/**
 * How modules are made shorter. Syntax stays: where a variable of `using` is named once, esbuild
 * puts the value in its place, and nothing is disposed any more.
 */
export const SHORTER = { minifyWhitespace: true, minifyIdentifiers: true, minifySyntax: false };

/** As much of esbuild as is used. */
export interface Esbuild {
  build(options: Record<string, unknown>): Promise<unknown>;
  transform(code: string, options: Record<string, unknown>): Promise<{ readonly code: string }>;
  stop(): Promise<void>;
}

/** Has esbuild do something, and ends its process. */
export async function withEsbuild<Result>(
  work: (esbuild: Esbuild) => Promise<Result>,
): Promise<Result> {
  const esbuild = await importTool<Esbuild>("esbuild");
  try {
    return await work(esbuild);
  } finally {
    await esbuild.stop();
  }
}
