/**
 * The paths of files in bundles and workspaces.
 *
 * A bundle is written on one system and read on all of them, so a name that some system reads as
 * something else is refused on every system.
 * @module
 */
import { Claims } from "../../archive/claims.ts";
import { safeRelativePath } from "../../archive/safe_path.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** Folder in a workspace for pointer files and provenance; no bundle has content in it. */
export const RESERVED_FOLDER = ".mops";

/**
 * The normalised path of a file in a bundle: relative, components joined by `/`.
 *
 * @param action The verb of the error message, such as `materialize`.
 * @throws {InvalidInputError} naming the rule that the path breaks.
 */
export function workspacePath(name: string, action: string = "materialize"): string {
  const path = portablePath(name, action);
  if (!isReserved(path)) return path;
  throw refused(name, action, `"${RESERVED_FOLDER}" is reserved for pointers and provenance`);
}

/**
 * The normalised path of a file in a workspace: as {@linkcode workspacePath}, but it may be in the
 * reserved folder.
 * @throws {InvalidInputError} naming the rule that the path breaks.
 */
export function portablePath(name: string, action: string): string {
  const path = safeRelativePath(name, { action, portable: true });
  if (!/\p{Bidi_Control}/u.test(path)) return path;
  throw refused(name, action, "the name has a character that changes the direction of text");
}

/** Whether a normalised path is the reserved folder or in it, on any system. */
export function isReserved(path: string): boolean {
  return folded(path.split("/", 1)[0] ?? "") === RESERVED_FOLDER;
}

/**
 * The paths that cannot be together in one folder on every system: names that only letter case or
 * Unicode form tells apart, and files that would be folders of others; each with why, as a clause.
 */
export function pathClashes(paths: Iterable<string>): { path: string; reason: string }[] {
  const claims = new Claims("windows");
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
