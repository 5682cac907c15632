/**
 * Chooses files of a bundle by patterns.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { parseGlob } from "../../core/glob.ts";
import { quote, withoutEnd } from "../../core/text.ts";

/** Which files to take. */
export interface PathFilterOptions {
  /** Patterns of which one must match; all files when absent or empty. */
  readonly include?: readonly string[];
  /** Patterns of which none may match. */
  readonly exclude?: readonly string[];
}

/**
 * A test of normalised paths. `*` stops at a slash, `**` does not; a pattern without a slash
 * matches names in any folder; a pattern that matches a folder takes all that is below it.
 * @throws {InvalidInputError} when a pattern is empty or malformed.
 */
export function pathFilter(options: PathFilterOptions): (path: string) => boolean {
  const include = (options.include ?? []).map(compile);
  const exclude = (options.exclude ?? []).map(compile);
  return (path) =>
    (include.length === 0 || include.some((matches) => matches(path))) &&
    !exclude.some((matches) => matches(path));
}

function compile(pattern: string): (path: string) => boolean {
  const body = withoutEnd(pattern.replace(/^(\.?\/)+/, ""), "/");
  // Stars behind a slash also match what the slash follows.
  const glob = parseGlob(`${body.includes("/") ? body : `**/${body}`}/**`);
  const fault = body === "" ? "it is empty" : glob.fault;
  if (fault === undefined) return (path) => glob.matches(path);
  throw new InvalidInputError(`Cannot use ${quote(pattern, 200)} as a pattern: ${fault}`);
}
