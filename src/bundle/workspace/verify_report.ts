/**
 * What a verification finds.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { compareText } from "../../core/text.ts";

/** What was found of a file; `pointer` means that its bytes are elsewhere and were not read. */
export type VerifiedState = "ok" | "pointer" | "missing" | "modified";

/** A file that was verified. */
export interface VerifiedFile {
  /** Normalised path. */
  readonly path: string;
  /** What was found. */
  readonly state: VerifiedState;
  /** Bytes that were read and hashed. */
  readonly bytes: number;
  /** What is wrong, as a clause. */
  readonly reason?: string;
  /** Digest it must have, where content is what differs. */
  readonly expected?: Digest;
  /** Digest it has, where content is what differs. */
  readonly actual?: Digest;
}

/** What a verification found. */
export interface VerifyReport {
  /** Whether nothing is missing or modified. */
  readonly ok: boolean;
  /** The files in the order of code points. */
  readonly files: readonly VerifiedFile[];
  /** Paths that are missing. */
  readonly missing: readonly string[];
  /** Paths whose content or pointer is another than it must be. */
  readonly modified: readonly string[];
  /** Files of a workspace that are not the bundle's; they are no fault. */
  readonly extra: readonly string[];
  /** Bytes that were read and hashed. */
  readonly bytes: number;
}

/** The finding for a file whose bytes are elsewhere. */
export function pointerOnly(path: string): VerifiedFile {
  return { path, state: "pointer", bytes: 0 };
}

/** The findings of files as a report. */
export function reportOf(found: readonly VerifiedFile[], extra: readonly string[]): VerifyReport {
  const files = found.toSorted((a, b) => compareText(a.path, b.path));
  const paths = (wanted: VerifiedState) =>
    files.filter(({ state }) => state === wanted).map(({ path }) => path);
  const [missing, modified] = [paths("missing"), paths("modified")];
  return {
    ok: missing.length + modified.length === 0,
    files,
    missing,
    modified,
    extra,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
