/**
 * What keeps files from being written into a workspace.
 * @module
 */
import {
  conflictWords,
  type FileConflict as WorkspaceConflict,
} from "../../archive/places/verdicts.ts";
import { ConflictError } from "../../core/errors.ts";
import { compareText, quote } from "../../core/text.ts";
import { type NameOptions, pathClashes } from "./path.ts";

export type { FileConflict as WorkspaceConflict } from "../../archive/places/verdicts.ts";

/** Files cannot be written because of what is in the workspace; nothing has been written. */
export class WorkspaceConflictError extends ConflictError {
  /** Every conflict, in the order of paths. */
  readonly conflicts: readonly WorkspaceConflict[];

  /** Reports all the conflicts of one operation on the workspace `path`. */
  constructor(path: string, conflicts: readonly WorkspaceConflict[]) {
    super(...conflictWords(`write to workspace ${quote(path)}`, path, conflicts));
    this.conflicts = conflicts;
  }
}

/** The conflicts that paths have among themselves, wherever they are written. */
export function conflictsAmong(
  paths: Iterable<string>,
  options: NameOptions = {},
): WorkspaceConflict[] {
  return pathClashes(paths, options).map((clash) => ({ ...clash, replaceable: false }));
}

/** All conflicts of a plan in the order of paths, each path once. */
export function collectConflicts(
  ...lists: readonly (readonly (WorkspaceConflict | undefined)[])[]
): WorkspaceConflict[] {
  const byPath = new Map<string, WorkspaceConflict>();
  for (const conflict of lists.flat()) {
    if (conflict && !byPath.has(conflict.path)) byPath.set(conflict.path, conflict);
  }
  return [...byPath.values()].sort((a, b) => compareText(a.path, b.path));
}
