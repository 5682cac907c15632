/**
 * What the errors of the operating system mean for a person who reads or writes a file.
 * @module
 */
import {
  ConflictError,
  InvalidInputError,
  type ModelOpsError,
  NotFoundError,
  TransferError,
  UnsupportedError,
} from "./errors.ts";
import { quote } from "./text.ts";

type ErrorClass = new (message: string, options: object) => ModelOpsError;

/** A class of ours, the reason in plain language, and what to do about it where that is known. */
type Fault = readonly [ErrorClass, reason: string, remedy?: string];

/** What is not allowed: the user's own doing in most cases, since a path was named. */
const NOT_ALLOWED = {
  read: [InvalidInputError, "permission denied", "let this user read it, or run as one who may"],
  write: [
    InvalidInputError,
    "permission denied",
    "choose a folder that this user may write to, or change its permissions",
  ],
} as const;

const MORE_FILES = "raise the limit with `ulimit -n 4096`, or lower --concurrency";

/** By the system's code: one meaning, or one for reading and one for writing. */
const FAULTS: Readonly<Record<string, Fault | { readonly read: Fault; readonly write: Fault }>> = {
  ENOENT: {
    read: [NotFoundError, "no such file"],
    // Not that something was not found: who asks for content takes that for an answer.
    write: [TransferError, "no such folder", "make the folder, and run the command again"],
  },
  ENOTDIR: {
    read: [NotFoundError, "no such file"],
    write: [InvalidInputError, "a part of the path is a file, not a folder"],
  },
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EISDIR: [InvalidInputError, "it is a directory"],
  EEXIST: [ConflictError, "a file of that name is in the way"],
  ELOOP: [InvalidInputError, "links go in a circle"],
  ENAMETOOLONG: [InvalidInputError, "the name is too long"],
  ENOSPC: [
    TransferError,
    "no space left on the device",
    "free room there, files as well as bytes, or choose a folder on another disk",
  ],
  EDQUOT: [
    TransferError,
    "the disk quota is used up",
    "free room there, or choose a folder on another disk",
  ],
  EROFS: [
    TransferError,
    "the file system is read-only",
    "make it writable, or choose a folder on another disk",
  ],
  ENOLCK: [
    UnsupportedError,
    "files cannot be locked here; on Node that takes the program flock, which is of util-linux",
  ],
  EFBIG: [
    TransferError,
    "the file is too large for this file system or limit",
    "raise the limit with `ulimit -f unlimited`, or choose a folder on another disk",
  ],
  EMFILE: [TransferError, "too many files are open", MORE_FILES],
  ENFILE: [TransferError, "too many files are open", MORE_FILES],
  EIO: [TransferError, "the disk failed", "look at the disk, or choose a folder on another one"],
};

/** The codes of Deno's own classes: an error that Deno makes itself has no code of the system. */
const CODES: readonly (readonly [new (message?: string) => Error, code: string])[] = [
  [Deno.errors.NotFound, "ENOENT"],
  [Deno.errors.NotADirectory, "ENOTDIR"],
  [Deno.errors.PermissionDenied, "EACCES"],
  [Deno.errors.NotCapable, "EACCES"],
  [Deno.errors.IsADirectory, "EISDIR"],
  [Deno.errors.AlreadyExists, "EEXIST"],
  [Deno.errors.FilesystemLoop, "ELOOP"],
];

/** What Deno adds to the system's words: the number, then what it did. */
const SYSTEM_NUMBER = / \(os error (\d+)\)/;

/** Numbers of the system for which Deno gives no code, on Linux and macOS. */
const NUMBERED: Readonly<Record<string, string>> = {
  5: "EIO",
  23: "ENFILE",
  24: "EMFILE",
  27: "EFBIG",
  69: "EDQUOT",
  122: "EDQUOT",
};

/**
 * The code of an operating-system error, such as `ENOENT`; `undefined` for any other error. One
 * that has no code here is told by its number: `E116`.
 */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && /^E[A-Z0-9]+$/.test(String(error.code))) return String(error.code);
  const ofClass = CODES.find(([type]) => error instanceof type)?.[1];
  if (ofClass !== undefined) return ofClass;
  const number = SYSTEM_NUMBER.exec(error.message)?.[1];
  return number && (NUMBERED[number] ?? `E${number}`);
}

/** Whether an error says that a path, or a folder on the way to it, does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Whether an error, or what caused it, says that nothing may be written in a place. */
export function isUnwritable(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) return false;
  return ["EACCES", "EPERM", "EROFS"].includes(systemCode(error) ?? "") ||
    isUnwritable(error.cause);
}

/** Whether an error, or what caused it, says that the runtime allows it not: it names the flag. */
export function isNotAllowed(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof Deno.errors.NotCapable || isNotAllowed(error.cause);
}

/**
 * Whether an error, or what caused it, tells of this run, its limits and what it may do, and not of
 * the file that was to be read: nobody knows then what the file is like.
 */
export function isOfThisRun(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ["EACCES", "EPERM", "EMFILE", "ENFILE"].includes(systemCode(error) ?? "") ||
    isOfThisRun(error.cause);
}

/** The reason of an operating-system error, as a clause; `undefined` for any other error. */
export function fileFault(use: "read" | "write", error: unknown): string | undefined {
  return faultOf(use, error)?.[1];
}

/** Turns an operating-system error on reading `path` into one that a person can act on. */
export function explainRead(path: string, error: unknown): unknown {
  return explain("read", path, error);
}

/** Turns an operating-system error on writing `path` into one that a person can act on. */
export function explainWrite(path: string, error: unknown): unknown {
  return explain("write", path, error);
}

function explain(use: "read" | "write", path: string, error: unknown): unknown {
  const fault = faultOf(use, error);
  if (fault === undefined) return error;
  const [Explained, reason, remedy] = fault;
  const shown = pathForPeople(path);
  const found = use === "read" && systemCode(error) === "ENOENT" && linkToNothing(path) || reason;
  return new Explained(`Cannot ${use} ${quote(shown)}: ${found}`, {
    path: shown,
    ...(remedy === undefined ? {} : { remedy }),
    cause: error,
  });
}

/** What is at a path without a file: a link, and where it leads; `undefined` for anything else. */
function linkToNothing(path: string): string | undefined {
  try {
    return `it is a link to ${quote(Deno.readLinkSync(path))}, and nothing is there`;
  } catch {
    return undefined; // It is no link, or it may not be looked at.
  }
}

/** What was done to which file, at the end of Deno's words and of Node's: `rename 'a' -> 'b'`. */
const DONE = /[:,] (\w+) '(.*?)'(?: -> '(.*)')?$/s;

/** What Deno calls that which only reads. */
const READING = new Set([
  "open",
  "readfile",
  "readdir",
  "scandir",
  "readlink",
  "realpath",
  "stat",
  "lstat",
]);

/** Turns an error of the system that nobody explained into one that tells the path, if it does. */
export function explainUnexpected(error: unknown): unknown {
  if (!(error instanceof Error) || systemCode(error) === undefined) return error;
  const [, done = "", from, to] = DONE.exec(error.message) ?? [];
  if (from === undefined) return error;
  return explain(READING.has(done) ? "read" : "write", to ?? from, error);
}

/** The path that a folder of this process has, where a path begins with its descriptor. */
function pathForPeople(path: string): string {
  const [folder] = /^\/proc\/self\/fd\/\d+(?=\/)/.exec(path) ?? [];
  if (folder === undefined) return path;
  try {
    return `${Deno.realPathSync(folder)}${path.slice(folder.length)}`;
  } catch {
    return path; // It is closed by now.
  }
}

/** What the table says of an error; the system's own words where it says nothing. */
function faultOf(use: "read" | "write", error: unknown): Fault | undefined {
  const code = systemCode(error);
  if (code === undefined) return undefined;
  if (error instanceof Deno.errors.NotCapable) {
    // Who writes a file may be allowed to write it, and not to read it.
    const [flag = `--allow-${use}`] = /--allow-[a-z]+/.exec(error.message) ?? [];
    return [InvalidInputError, `permission denied without ${flag}`];
  }
  const row = FAULTS[code] ?? [TransferError, systemWords(error as Error)];
  return "read" in row ? row[use] : row;
}

/** What the system said, without what Deno adds: the caller says what was done to which file. */
function systemWords({ message }: Error): string {
  return message.split(SYSTEM_NUMBER, 1)[0] ?? message;
}
