/**
 * What keeps files from being written into a workspace.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { ConflictError } from "../../core/errors.ts";
import { describeProblems } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";

/** A path that cannot be written, and why. */
export interface WorkspaceConflict {
  /** Normalised path in the workspace. */
  readonly path: string;
  /** What was found, as a clause. */
  readonly reason: string;
  /** Whether overwriting would resolve it. */
  readonly replaceable: boolean;
  /** Digest the file must have, where content is what differs. */
  readonly expected?: Digest;
  /** Digest of what is there, where content is what differs. */
  readonly actual?: Digest;
}

/** Files cannot be written because of what is in the workspace; nothing has been written. */
export class WorkspaceConflictError extends ConflictError {
  /** Every conflict, in the order of paths. */
  readonly conflicts: readonly WorkspaceConflict[];

  /** Reports all the conflicts of one operation on the workspace `path`. */
  constructor(path: string, conflicts: readonly WorkspaceConflict[]) {
    const problems = conflicts.map((conflict) => ({
      message: `${quote(conflict.path)}: ${conflict.reason}`,
    }));
    super(`Cannot write to workspace ${quote(path)}: ${describeProblems(problems)}`, {
      path,
      problems,
      remedy: conflicts.every((conflict) => conflict.replaceable)
        ? "replace them with --overwrite, or choose another folder"
        : "move what is in the way, or choose another folder",
    });
    this.conflicts = conflicts;
  }
}
