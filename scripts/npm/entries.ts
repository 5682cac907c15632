/**
 * What other programs import of the package: the entries that `deno.json` names, apart from the
 * program.
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** An entry of the library. */
export interface LibraryEntry {
  /** What stands behind the name of the package in an import: `.` or `./oci`. */
  readonly path: string;
  /** Its file in this tree. */
  readonly source: string;
  /** The name of its files in the package, without what tells code from types. */
  readonly name: string;
}

/** The entries of the library. */
export const LIBRARY_ENTRIES: readonly LibraryEntry[] = Object.entries(config.exports)
  .filter(([path]) => path !== "./cli")
  .map(([path, source]) => ({
    path,
    source: source.slice("./".length),
    name: path === "." ? "index" : path.slice("./".length),
  }));
