/**
 * Programs of npm that only the package for npm is made with. They are imported by names that
 * nobody sees beforehand: what a lockfile names is downloaded by the first run of the program.
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
