/**
 * Compares the files that are to be in a folder with what is there.
 * @module
 */
import { statfs } from "node:fs/promises";
import { dirname, resolve } from "../../core/runtime/path.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, shortDigest } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { compareText, quote } from "../../core/text.ts";
import type { WorkspaceConflict } from "./conflict.ts";
import { type NameOptions, pathClashes } from "./path.ts";
import { type Place, Survey } from "./survey.ts";

/** A file that is to be there. */
export interface WantedFile {
  /** Normalised path. */
  readonly path: string;
  /** Digest of its content. */
  readonly digest: Digest;
  /** Size in bytes, where it is known. */
  readonly size?: number;
}

/** What has to be done about a file. */
export interface FileVerdict {
  /** `create` and `replace` move bytes, `keep` does not, `conflict` stops the operation. */
  readonly action: "create" | "keep" | "replace" | "conflict";
  /** What is in the place now. */
  readonly place: Place;
  /** What is wrong, for conflicts and replacements. */
  readonly conflict?: WorkspaceConflict;
}

/** How to compare. */
export interface PlanFilesOptions extends OperationOptions, NameOptions {
  /** Whether files, links and folders in the way are replaced. */
  readonly overwrite?: boolean;
  /** Files read at once; 5 when absent. */
  readonly concurrency?: number;
}

/** Says for every file what has to be done, in the order given; reads files that are there. */
export async function planFiles(
  survey: Survey,
  files: readonly WantedFile[],
  options: PlanFilesOptions = {},
): Promise<FileVerdict[]> {
  return await mapConcurrent(files, async (file) => {
    const place = await survey.look(file.path);
    if (place.kind === "missing") return { action: "create", place };
    const conflict = await conflictOf(survey, file, place, options);
    if (!conflict) return { action: "keep", place };
    const action = conflict.replaceable && options.overwrite ? "replace" : "conflict";
    return { action, place, conflict };
  }, options);
}

/** What keeps a file from its place; `undefined` when it is there already. */
async function conflictOf(
  survey: Survey,
  file: WantedFile,
  place: Exclude<Place, { kind: "missing" }>,
  options: OperationOptions,
): Promise<WorkspaceConflict | undefined> {
  const { path, digest: expected } = file;
  switch (place.kind) {
    case "blocked": {
      const found = place.is === "link" ? "symbolic link" : place.is;
      const reason = `${quote(place.by)} is a ${found}, not a folder`;
      return { path, reason, replaceable: false };
    }
    case "folder":
      return { path, reason: "a folder is in its place", replaceable: true };
    case "link":
      return { path, reason: "a symbolic link is in its place", replaceable: true };
    case "special file":
      return { path, reason: "a special file is in its place", replaceable: false };
    case "file": {
      if (file.size !== undefined && place.size !== file.size) {
        const reason = `a different file is there: got ${place.size} bytes, want ${file.size}`;
        return { path, reason, replaceable: true, expected };
      }
      const actual = await survey.digest(path, options);
      if (actual === expected) return undefined;
      const reason = `a different file is there: got ${shortDigest(actual)}, ` +
        `want ${shortDigest(expected)}`;
      return { path, reason, replaceable: true, expected, actual };
    }
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

/** Bytes that may still be written to the disk of a folder, or of the nearest one that exists. */
export async function freeSpace(path: string): Promise<number | undefined> {
  for (let folder = resolve(path);; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch {
      // Not every folder exists yet, and not every system answers: then the space is unknown.
      if (folder === dirname(folder)) return undefined;
    }
  }
}
