/**
 * What a file is apart from its content: its permissions and the time of its last change.
 * @module
 */
import { openOwn } from "../files.ts";
import { nodeFs } from "../runtime/builtins.ts";

/** What a file is apart from its content. */
export interface FileAttributes {
  /** Permission bits; others are ignored. The system's default when absent or 0. */
  readonly mode?: number;
  /**
   * Time of the last change in seconds since 1970, with their fraction; the present when absent or
   * no number.
   */
  readonly mtime?: number;
}

/**
 * The permissions of a file that is to have these in the end, while it is written: its owner may
 * open it again, whatever they are. The superuser may anyway, so nothing of this fails there.
 */
export function unfinishedMode(mode: number | undefined): number | undefined {
  return mode ? (mode & 0o777) | 0o600 : undefined;
}

/** Gives a file of ours what it is apart from its content. */
export function setAttributes(path: string, attributes: FileAttributes): void {
  using file = openOwn(path, { write: true });
  setOpenAttributes(file, path, attributes);
}

/** {@linkcode setAttributes} for a file that is open, by a path that leads to it. */
export function setOpenAttributes(
  file: Deno.FsFile,
  path: string,
  { mode, mtime }: FileAttributes,
): void {
  if (mtime !== undefined && !Number.isNaN(mtime)) setTime(file, path, mtime);
  // Those that a file is made with are subject to the umask.
  if (mode && Deno.build.os !== "windows") Deno.chmodSync(path, mode & 0o777);
}

/** The years 1 to 9999 in seconds since 1970; a file system holds of them what it can. */
const [FIRST_SECOND, LAST_SECOND] = [-62_135_596_800, 253_402_300_799];

/**
 * Sets the times of a file as finely as the runtime can. Deno's own call keeps milliseconds; that
 * of Node takes what a number of seconds holds, a quarter of a microsecond today, but no time
 * before 1970. Nothing reads a time more finely than in milliseconds.
 */
function setTime(file: Deno.FsFile, path: string, mtime: number): void {
  const seconds = Math.min(Math.max(mtime, FIRST_SECOND), LAST_SECOND);
  const milliseconds = Math.round(seconds * 1000);
  if (seconds >= 0 && seconds !== milliseconds / 1000) return setFineTime(path, ofMicros(seconds));
  // Not by a number: it loses a millisecond of one time in a hundred.
  const time = new Date(milliseconds);
  file.utimeSync(time, time);
}

/** A number just below a whole microsecond, as half of them are, loses all of it: the next one. */
function ofMicros(seconds: number): number {
  const next = seconds + seconds * (Number.EPSILON / 2);
  const micros = (time: number) => Math.floor((time % 1) * 1e6);
  return micros(next) !== micros(seconds) ? next : seconds;
}

function setFineTime(path: string, seconds: number): void {
  const { closeSync, constants, futimesSync, openSync } = nodeFs();
  const file = openSync(path, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    futimesSync(file, seconds, seconds);
  } finally {
    closeSync(file);
  }
}
