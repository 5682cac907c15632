/**
 * Paths of the system that the program runs on. `node:path` is loaded on Windows only: with it the
 * runtime starts all of its Node layer, which takes half as long as an empty program takes to run.
 * @module
 */
import type * as NodePath from "node:path";
import * as posix from "./posix_path.ts";

/** What the program uses of `node:path`. */
type Paths = Pick<typeof NodePath, Exclude<keyof typeof posix, "basename">> & {
  basename(path: string): string;
};

const paths: Paths = Deno.build.os === "windows"
  // deno-lint-ignore no-process-global -- the module `node:process` is one of those that take time
  ? process.getBuiltinModule("node:path")
  : posix;

export const { basename, delimiter, dirname, isAbsolute, join, normalize, relative, resolve, sep } =
  paths;
