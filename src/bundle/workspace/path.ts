/**
 * The paths of files in bundles and workspaces.
 *
 * A bundle is written on one system and read on all of them, so a name that leads out of its folder
 * on any of them, or into the reserved one, is refused wherever it is read. What one system cannot
 * hold is refused where files are written on it, or everywhere if names have to be portable.
 * @module
 */
import { Claims } from "../../archive/claims.ts";
import { namedSystem, nameFault, safeRelativePath } from "../../archive/safe_path.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { messagesError } from "../../core/problems.ts";
import { compareText, quote, withoutEnd } from "../../core/text.ts";

/** Folder in a workspace for pointer files and provenance; no bundle has content in it. */
export const RESERVED_FOLDER = ".mops";

/** Which systems are to hold the files of a bundle. */
export interface NameOptions {
  /** The system that the names are for; the running one when absent. */
  readonly platform?: string;
  /** Whether names have to be ones that every system can hold; only that one when absent. */
  readonly portable?: boolean;
}

/**
 * The normalised path of a file in a bundle: relative, components joined by `/`.
 *
 * @param action The verb of the error message, such as `materialize`.
 * @throws {InvalidInputError} naming the rule that the path breaks.
 */
export function workspacePath(name: string, action: string = "materialize"): string {
  const path = anyPath(name, action);
  if (!isReserved(path)) return path;
  throw refused(name, action, `"${RESERVED_FOLDER}" is reserved for pointers and provenance`);
}

/**
 * The normalised path of a file in a workspace: as {@linkcode workspacePath}, but it may be in the
 * reserved folder.
 * @throws {InvalidInputError} naming the rule that the path breaks.
 */
export function anyPath(name: string, action: string): string {
  // The rules that every system has: bundles are read where their files cannot be written.
  const path = safeRelativePath(name, { action, platform: "linux" });
  if (!/\p{Bidi_Control}/u.test(path)) return path;
  throw refused(name, action, "the name has a character that changes the direction of text");
}

/** Whether a normalised path is the reserved folder or in it, on any system. */
export function isReserved(path: string): boolean {
  return withoutEnd(folded(path.split(/[/\\]/, 1)[0] ?? ""), ". ") === RESERVED_FOLDER;
}

/** A path that cannot be written, and why, as a clause. */
export interface PathProblem {
  readonly path: string;
  readonly reason: string;
}

/** The normalised paths that a system cannot hold, or reads as something else. */
export function unfitNames(paths: Iterable<string>, options: NameOptions = {}): PathProblem[] {
  return Array.from(paths).flatMap((path) => {
    const reason = nameFault(path, options);
    return reason === undefined ? [] : [{ path, reason }];
  });
}

/**
 * Checks that a system can hold normalised paths.
 *
 * @param action The verb of the error message, and `what` its object.
 * @throws {InvalidInputError} naming all that it cannot.
 */
export function refuseUnfitNames(
  paths: Iterable<string>,
  { action, what, ...options }: NameOptions & { readonly action: string; readonly what: string },
): void {
  const problems = unfitNames(paths, options)
    .sort((a, b) => compareText(a.path, b.path))
    .map(({ path, reason }) => ({ message: `Cannot ${action} ${quote(path, 200)}: ${reason}` }));
  if (problems.length > 0) throw messagesError(`${action} ${quote(what)}`, problems);
}

/**
 * The paths that cannot be together in one folder: files that would be folders of others, and names
 * that only letter case or Unicode form tells apart, on systems that do not.
 */
export function pathClashes(paths: Iterable<string>, options: NameOptions = {}): PathProblem[] {
  const claims = new Claims(namedSystem(options));
  return Array.from(paths).flatMap((path) => {
    const reason = claims.tryFile(path);
    return reason === undefined ? [] : [{ path, reason }];
  });
}

function refused(name: string, action: string, reason: string): InvalidInputError {
  return new InvalidInputError(`Cannot ${action} ${quote(name)}: ${reason}`, { path: name });
}

/** A name as file systems that fold letter case and ignore invisible characters compare it. */
function folded(name: string): string {
  return name.replace(/\p{Default_Ignorable_Code_Point}/gu, "").normalize("NFC").toUpperCase()
    .toLowerCase();
}
