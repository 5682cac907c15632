/**
 * What commands that write a workspace have in common: the conflicts, and the plan of a dry run.
 * @module
 */
import { type WorkspaceConflict, WorkspaceConflictError } from "../../bundle/workspace/conflict.ts";
import type { TransferError } from "../../core/errors.ts";
import { actionLines, textOf } from "./bundle_text.ts";
import { FailedResult } from "./failed_result.ts";
import { formatBytes } from "./format.ts";
import type { Session } from "../session.ts";

/** The conflicts as fields of a JSON document. */
export function conflictFields(conflicts: readonly WorkspaceConflict[]): Record<string, unknown> {
  return { conflicts, conflictCount: conflicts.length };
}

/** Runs an operation; its conflicts become fields of the error's document. */
export async function withConflicts<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WorkspaceConflictError)) throw error;
    throw new FailedResult(error, conflictFields(error.conflicts));
  }
}

/**
 * Reports the plan of a dry run, which ends as the run itself would.
 * @throws {FailedResult} when something is in the way.
 */
export function reportPlan(
  { output, settings }: Session,
  { dest, conflicts, noRoom, document, lines }: {
    readonly dest: string;
    /** Why there is no room, where there is none. */
    readonly noRoom?: TransferError;
    readonly conflicts: readonly WorkspaceConflict[];
    /** The plan for programs, and for people. */
    readonly document: Readonly<Record<string, unknown>>;
    readonly lines: readonly string[];
  },
): void {
  const failure = conflicts.length > 0 ? new WorkspaceConflictError(dest, conflicts) : noRoom;
  if (failure === undefined) return output.result(document, textOf(lines));
  if (!settings.json) output.text(textOf(lines));
  throw new FailedResult(failure, document);
}

/** A line for each file: what happens to it, its size and its path. */
export function fileLines(
  files: readonly { readonly path: string; readonly action: string; readonly size: number }[],
  width?: number,
): readonly string[] {
  const rows = files.map(({ action, size, path }) => [action, formatBytes(size), path] as const);
  return actionLines(rows, width);
}

/** What a dry run says of the bytes and of the disk that they go to. */
export function roomLines(
  { bytesToMove, diskFree }: { readonly bytesToMove: number; readonly diskFree?: number },
): readonly string[] {
  const free = diskFree === undefined ? "unknown" : formatBytes(diskFree);
  return [
    `Bytes to move: ${formatBytes(bytesToMove)}`,
    `Disk: ${formatBytes(bytesToMove)} needed, ${free} free`,
  ];
}

/** Counts with their names, those that are not zero: `2 created, 1 kept`, or `none`. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return found.map(([name, count]) => `${count} ${name}`).join(", ") || "none";
}
