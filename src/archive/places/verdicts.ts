/**
 * Compares the files that are to be in a folder with what is there.
 * @module
 */
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, digestAlgorithm, shortDigest } from "../../core/digest.ts";
import { type ErrorFacts, ModelOpsError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { describeProblems } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import { type Place, Survey } from "./survey.ts";

/** A path that cannot be written, and why. */
export interface FileConflict {
  /** Normalised path in the folder. */
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
  readonly conflict?: FileConflict;
}

/** How to compare. */
export interface PlanFilesOptions extends OperationOptions {
  /** Whether files, links and folders in the way are replaced. */
  readonly overwrite?: boolean;
  /** Whether a content is no work of a person, so that it may be replaced; none when absent. */
  readonly isOurs?: (digest: Digest) => Promise<boolean>;
  /** Whether a folder in the place of a file may be replaced; so it is when absent. */
  readonly replaceFolders?: boolean;
  /** Files read at once; 5 when absent. */
  readonly concurrency?: number;
}

/** The words of a refusal because of what is in the way: its message and its facts. */
export function conflictWords(
  action: string,
  folder: string,
  conflicts: readonly FileConflict[],
): [message: string, facts: ErrorFacts] {
  const problems = conflicts.map(({ path, reason }) => ({ message: `${quote(path)}: ${reason}` }));
  return [`Cannot ${action}: ${describeProblems(problems)}`, {
    path: folder,
    problems,
    remedy: conflicts.every(({ replaceable }) => replaceable)
      ? "replace them with --overwrite, or choose another folder"
      : "move what is in the way, or choose another folder",
  }];
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
    const { replaceable, actual } = conflict;
    const mayReplace = options.overwrite || actual && await options.isOurs?.(actual);
    return { action: replaceable && mayReplace ? "replace" : "conflict", place, conflict };
  }, options);
}

/** What keeps a file from its place; `undefined` when it is there already. */
async function conflictOf(
  survey: Survey,
  file: WantedFile,
  place: Exclude<Place, { kind: "missing" }>,
  options: PlanFilesOptions,
): Promise<FileConflict | undefined> {
  const { path, digest: expected } = file;
  const { replaceFolders = true, overwrite, isOurs } = options;
  switch (place.kind) {
    case "blocked": {
      const found = place.is === "link" ? "symbolic link" : place.is;
      const reason = `${quote(place.by)} is a ${found}, not a folder`;
      return { path, reason, replaceable: false };
    }
    case "folder":
      return { path, reason: "a folder is in its place", replaceable: replaceFolders };
    case "link":
      return { path, reason: "a symbolic link is in its place", replaceable: true };
    case "special file":
      return { path, reason: "a special file is in its place", replaceable: false };
    case "file": {
      if (file.size !== undefined && place.size !== file.size) {
        const reason = `a different file is there: got ${place.size} bytes, want ${file.size}`;
        const isRead = isOurs !== undefined && !overwrite;
        const actual = isRead ? await contentOf(survey, file, options) : undefined;
        return { path, reason, replaceable: true, expected, actual };
      }
      const actual = await contentOf(survey, file, options);
      if (actual === expected) return undefined;
      if (actual === undefined) return { path, reason: "it cannot be read", replaceable: true };
      const reason = `a different file is there: got ${shortDigest(actual)}, ` +
        `want ${shortDigest(expected)}`;
      return { path, reason, replaceable: true, expected, actual };
    }
  }
}

/** The digest of the file that is there; `undefined` where it cannot be read. */
async function contentOf(
  survey: Survey,
  { path, digest }: WantedFile,
  options: OperationOptions,
): Promise<Digest | undefined> {
  try {
    return await survey.digest(path, { ...options, algorithm: digestAlgorithm(digest) });
  } catch (error) {
    if (error instanceof ModelOpsError) return undefined;
    throw error;
  }
}
