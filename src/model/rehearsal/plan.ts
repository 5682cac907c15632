/**
 * What an operation on models would do, found out without changing anything.
 * @module
 */
import { conflictWords, type FileConflict } from "../../archive/places/verdicts.ts";
import type { Digest } from "../../core/digest.ts";
import { ConflictError, type ModelOpsError } from "../../core/errors.ts";
import { noRoom } from "../../core/folders/room.ts";
import { quote } from "../../core/text.ts";

/** What can be moved, or be given a name. */
export type StepKind = "blob" | "manifest" | "tag" | "file";

/**
 * What happens to it. `create` and `replace` write it, `keep` finds it there, `conflict` stops the
 * operation; `compare` is what happens to a file that is there and that an archive of a registry
 * brings as well: whether it is the same is known when the archive has come.
 */
export type StepAction = "create" | "replace" | "keep" | "conflict" | "compare";

/** One thing that would be done, or need not be done. */
export interface PlannedStep {
  /** What happens to it. */
  readonly action: StepAction;
  /** What it is. */
  readonly kind: StepKind;
  /** Path of the file, name of the tag, or what a content without either is. */
  readonly name: string;
  /** The repository or the folder that it goes to. */
  readonly place: string;
  /** Bytes; 0 for a tag. */
  readonly size: number;
  /** Digest of the content, or of what the tag will name. */
  readonly digest: Digest;
  /** Digest of what is replaced, where that is known. */
  readonly replaces?: Digest;
  /** What is in the way, as a clause. */
  readonly reason?: string;
}

/** Where content goes. */
export interface PlannedPlace {
  /** What it is. */
  readonly kind: "registry" | "local store" | "folder";
  /** The repository, or the path of the folder. */
  readonly name: string;
  /** Bytes to write. */
  readonly bytes: number;
  /** The disk that they go to; absent for a registry. */
  readonly disk?: PlannedDisk;
}

/** The room on a disk. */
export interface PlannedDisk {
  /** Folder on it. */
  readonly path: string;
  /** Bytes needed; less than are written where some of them have come already. */
  readonly needed: number;
  /** Bytes free; absent where the system does not say. */
  readonly free?: number;
  /** Whether all that goes to this disk certainly does not fit. */
  readonly short: boolean;
}

/** What an operation says of the artifact that it would make or move. */
export interface PlannedArtifact {
  /** Its name, where it has one. */
  readonly reference?: string;
  /** Its names, where it may have several. */
  readonly references?: readonly string[];
  /** Digest of its manifest. */
  readonly digest: Digest;
  /** Things a person may want to know. */
  readonly warnings?: readonly string[];
}

/** What an operation would do. */
export interface OperationPlan {
  /** Nothing was changed. */
  readonly dryRun: true;
  /** The names of the artifact. */
  readonly references: readonly string[];
  /** Digest of its manifest. */
  readonly digest: Digest;
  /** Bytes to write in all places. */
  readonly bytesToMove: number;
  /** Where content goes, in the order in which that was found. */
  readonly places: readonly PlannedPlace[];
  /** Everything that would be done, or is there already. */
  readonly steps: readonly PlannedStep[];
  /** What is in the way; the operation would end with exit code 12. */
  readonly conflicts: readonly FileConflict[];
  /** Things a person may want to know, as the operation itself would say them. */
  readonly warnings: readonly string[];
}

/** The error that an operation would end with; `undefined` for one that can be done. */
export function planFailure({ places, conflicts }: OperationPlan): ModelOpsError | undefined {
  const folder = places.find(({ kind }) => kind === "folder")?.name ?? "";
  if (conflicts.length > 0) {
    return new ConflictError(...conflictWords(`extract to ${quote(folder)}`, folder, conflicts));
  }
  for (const { disk } of places) {
    if (disk?.short && disk.free !== undefined) return noRoom(disk.path, disk.needed, disk.free);
  }
  return undefined;
}
