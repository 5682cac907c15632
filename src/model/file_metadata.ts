/**
 * The facts of a file that travel with its layer: the value of the annotation
 * `org.cncf.model.file.metadata+json`.
 * See https://github.com/modelpack/model-spec/blob/main/docs/annotations.md
 * @module
 */
import * as form from "../core/shapes/form.ts";
import { InvalidInputError } from "../core/errors.ts";
import { goJson } from "../core/json.ts";

/** Facts of a file as they are written. */
export interface FileMetadata {
  /** Base name of the file. */
  readonly name: string;
  /** Permission bits only: 0o644 is written as 420. */
  readonly mode: number;
  /** Number of the owner. */
  readonly uid: number;
  /** Number of the group. */
  readonly gid: number;
  /** Size of the file in bytes, whatever the size of its layer. */
  readonly size: number;
  /** RFC 3339 time of the last change, with up to nanoseconds. */
  readonly mtime: string;
  /** Kind of the entry in numbers of our own: 0 is a regular file. */
  readonly typeflag: number;
}

/** The facts of a file on this disk that its metadata is made from. */
export interface FileOnDisk {
  /** Path of the file; its last part becomes the name. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Mode bits; more than the permissions may be set. */
  readonly mode: number;
  /** Number of the owner. */
  readonly uid: number;
  /** Number of the group. */
  readonly gid: number;
  /** Time of the last change in milliseconds since the epoch. */
  readonly mtime: number;
}

/** What makes metadata the same for the same content on different machines. */
export interface FileMetadataOptions {
  /** Seconds since the epoch: no time is later than it, and owners are 0. */
  readonly sourceDateEpoch?: number;
}

/**
 * The metadata of a file.
 * See https://reproducible-builds.org/specs/source-date-epoch/ for the clamp.
 */
export function fileMetadata(file: FileOnDisk, options: FileMetadataOptions = {}): FileMetadata {
  const { sourceDateEpoch } = options;
  const clamped = sourceDateEpoch !== undefined;
  const mtime = clamped ? Math.min(file.mtime, sourceDateEpoch * 1000) : file.mtime;
  return {
    name: file.path.slice(file.path.lastIndexOf("/") + 1),
    mode: file.mode & 0o777,
    uid: clamped ? 0 : file.uid,
    gid: clamped ? 0 : file.gid,
    size: file.size,
    mtime: formatTime(mtime),
    typeflag: 0,
  };
}

/** The first and the last second that RFC 3339 can write, since 1970. */
const [FIRST_SECOND, LAST_SECOND] = [-62_167_219_200, 253_402_300_799];

/**
 * The time at which an artifact is said to be made, in milliseconds since the epoch.
 * @throws {InvalidInputError} when it cannot be written.
 */
export function recordedTime(
  { sourceDateEpoch, now }: { readonly sourceDateEpoch?: number; readonly now: number },
): number {
  const seconds = sourceDateEpoch ?? now / 1000;
  if (seconds >= FIRST_SECOND && seconds <= LAST_SECOND) return seconds * 1000;
  throw new InvalidInputError(
    `Cannot record ${seconds} seconds since 1970 as a time: its year has other than four digits`,
    { expected: LAST_SECOND, actual: seconds },
  );
}

/**
 * RFC 3339 in UTC with the shortest fraction: `2025-01-01T00:00:00.5Z`.
 *
 * @param milliseconds Milliseconds since the epoch.
 */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, "Z");
}

/** Seconds since 1970 of an RFC 3339 time, with as much of their fraction as a number holds. */
export function parseTime(time: string): number {
  const seconds = Math.floor(Date.parse(time) / 1000);
  const fraction = /\.\d+/.exec(time)?.[0] ?? "";
  return seconds < 0 ? seconds + Number(`0${fraction}`) : Number(`${seconds}${fraction}`);
}

/** The annotation's value: compact JSON with its keys in the order other tools write. */
export function encodeFileMetadata(metadata: FileMetadata): string {
  const { name, mode, uid, gid, size, mtime, typeflag } = metadata;
  return goJson({ name, mode, uid, gid, size, mtime, typeflag });
}

const count = form.lenient(form.count);

// Each fact stands alone: a bad time must not lose the mode, and none of them may make a model
// unreadable, since the bytes are described by the layer itself.
const metadataForm = form.map<Partial<FileMetadata>>({
  name: form.lenient(form.text),
  mode: (value, notes) => permissions(count(value, notes)),
  uid: count,
  gid: count,
  size: count,
  mtime: form.lenient(form.refined(form.text, (time) => Number.isFinite(Date.parse(time)))),
  typeflag: count,
});

function permissions(mode: number | undefined): number | undefined {
  return mode === undefined ? undefined : mode & 0o777;
}

/**
 * Reads an annotation's value. A fact that is missing or malformed is left out; bits of the mode
 * other than permissions are dropped. A value that is no JSON object has no facts: `undefined`.
 */
export function parseFileMetadata(text: string): Partial<FileMetadata> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { value: facts } = form.inForm(metadataForm, value);
  if (facts === undefined) return undefined;
  const known = Object.entries(facts).filter(([, fact]) => fact !== undefined);
  return Object.fromEntries(known);
}
