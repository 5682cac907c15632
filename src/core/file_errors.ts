/**
 * What the errors of the operating system mean for a person who reads or writes a file.
 * @module
 */
import {
  InvalidInputError,
  type ModelOpsError,
  NotFoundError,
  TransferError,
  UnsupportedError,
} from "./errors.ts";
import { quote } from "./text.ts";

type ErrorClass = new (message: string, options: object) => ModelOpsError;

/** A class of ours and the reason in plain language. */
type Fault = readonly [ErrorClass, reason: string];

/** By the system's code: one meaning, or one for reading and one for writing. */
const FAULTS: Readonly<Record<string, Fault | { readonly read: Fault; readonly write: Fault }>> = {
  ENOENT: { read: [NotFoundError, "no such file"], write: [NotFoundError, "no such folder"] },
  ENOTDIR: {
    read: [NotFoundError, "no such file"],
    write: [InvalidInputError, "a part of the path is a file, not a folder"],
  },
  EACCES: [InvalidInputError, "permission denied"],
  EPERM: [InvalidInputError, "permission denied"],
  EISDIR: [InvalidInputError, "it is a directory"],
  EEXIST: [InvalidInputError, "a file of that name is in the way"],
  ELOOP: [InvalidInputError, "links go in a circle"],
  ENAMETOOLONG: [InvalidInputError, "the name is too long"],
  ENOSPC: [TransferError, "no space left on the device"],
  EDQUOT: [TransferError, "the disk quota is used up"],
  EROFS: [TransferError, "the file system is read-only"],
  ENOLCK: [
    UnsupportedError,
    "files cannot be locked here; on Node that takes the program flock, which is of util-linux",
  ],
  EFBIG: [TransferError, "the file is too large for this file system or limit"],
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
const NUMBERED: Readonly<Record<string, string>> = { 27: "EFBIG", 69: "EDQUOT", 122: "EDQUOT" };

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

/** What Deno's own words for a look at a file end with. */
const LOOKED_AT = / \(os error \d+\): (?:open|stat|lstat|readdir) '(.*)'$/s;

/** Turns an error of the system that nobody explained into one that tells the path, if it does. */
export function explainLook(error: unknown): unknown {
  const path = error instanceof Error ? LOOKED_AT.exec(error.message)?.[1] : undefined;
  return path === undefined ? error : explainRead(path, error);
}

function explain(use: "read" | "write", path: string, error: unknown): unknown {
  const fault = faultOf(use, error);
  if (fault === undefined) return error;
  const [Explained, reason] = fault;
  const shown = pathForPeople(path);
  return new Explained(`Cannot ${use} ${quote(shown)}: ${reason}`, { path: shown, cause: error });
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
    return [InvalidInputError, `permission denied without --allow-${use}`];
  }
  const row = FAULTS[code] ?? [TransferError, systemWords(error as Error)];
  return "read" in row ? row[use] : row;
}

/** What the system said, without what Deno adds: the caller says what was done to which file. */
function systemWords({ message }: Error): string {
  return message.split(SYSTEM_NUMBER, 1)[0] ?? message;
}
