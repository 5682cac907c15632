/**
 * Chooses files of a bundle by patterns.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { picomatch } from "../../deps/picomatch.ts";

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
 * @throws {InvalidInputError} when a pattern is empty or too long.
 */
export function pathFilter(options: PathFilterOptions): (path: string) => boolean {
  const include = (options.include ?? []).map(compile);
  const exclude = (options.exclude ?? []).map(compile);
  return (path) =>
    (include.length === 0 || include.some((matches) => matches(path))) &&
    !exclude.some((matches) => matches(path));
}

function compile(pattern: string): (path: string) => boolean {
  const body = pattern.replace(/^(\.\/+|\/+)+/, "").replace(/\/+$/, "");
  if (body === "" || body.length > 4096) {
    throw new InvalidInputError(
      `Cannot use ${quote(pattern, 200)} as a pattern: ` +
        (body === "" ? "it is empty" : "it is too long"),
    );
  }
  const anywhere = body.includes("/") ? body : `**/${body}`;
  const isMatch = picomatch([anywhere, `${anywhere}/**`], { dot: true, nonegate: true });
  return (path) => isMatch(path);
}
