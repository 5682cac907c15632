/**
 * Advisory locks on open files: those of flock(2), which the forms of the program for Deno take as
 * well, so that all of them may share a store.
 *
 * Node has no such call. On Linux the program `flock` makes it, of util-linux or busybox: a lock
 * belongs to the open file, which that program is handed for a moment; it stays when the program
 * has ended, and is gone with this process. On macOS and the BSDs open(2) itself can lock, so a
 * second open file holds it.
 * @module
 */
import * as fs from "node:fs";
import { getBuiltinModule } from "./builtins.ts";
import { attempt, errors } from "./errors.ts";

/** An open file and its name. */
export interface LockableFile {
  readonly fd: number;
  readonly path: string | URL;
}

/** The lock of an open file. */
export class FileLock {
  readonly #file: LockableFile;
  /** What holds the lock where that is not the file itself. */
  #holder: number | undefined;

  constructor(file: LockableFile) {
    this.#file = file;
  }

  /** Takes the lock, alone or with others; `false` when somebody else has it. */
  async tryLock(exclusive: boolean): Promise<boolean> {
    if (process.platform === "linux") return await flock(this.#file.fd, exclusive ? "-x" : "-s");
    this.unlockHolder();
    this.#holder = openLocked(this.#file.path, exclusive);
    return this.#holder !== undefined;
  }

  /** Lets go of it. */
  async unlock(): Promise<void> {
    if (process.platform === "linux") await flock(this.#file.fd, "-u");
    else this.unlockHolder();
  }

  /** Lets go of what is not gone when the file is closed. */
  unlockHolder(): void {
    if (this.#holder !== undefined) fs.closeSync(this.#holder);
    this.#holder = undefined;
  }
}

/** `O_SHLOCK`, `O_EXLOCK` and `O_NONBLOCK` of macOS and the BSDs. */
const BSD = { shared: 0x10, exclusive: 0x20, nonBlocking: 0x4 } as const;

function openLocked(path: string | URL, exclusive: boolean): number | undefined {
  try {
    const flags = fs.constants.O_RDONLY | BSD.nonBlocking;
    return attempt(() => fs.openSync(path, flags | (exclusive ? BSD.exclusive : BSD.shared)));
  } catch (error) {
    if (error instanceof errors.WouldBlock) return undefined;
    throw error;
  }
}

/** What `flock` answers when somebody else has the lock; any other failure has words. */
const TAKEN = 1;

/** Has the program `flock` do its work on an open file of ours; `false` when it is taken. */
function flock(fd: number, how: "-x" | "-s" | "-u"): Promise<boolean> {
  const { spawn } = getBuiltinModule("node:child_process");
  return new Promise((resolve, reject) => {
    const child = spawn("flock", [how, "-n", "3"], { stdio: ["ignore", "ignore", "pipe", fd] });
    let words = "";
    child.stderr?.on("data", (chunk) => words += chunk);
    child.once("error", () => reject(new NoLocks("the program flock cannot be run")));
    child.once("close", (code) => {
      if (code === 0) resolve(true);
      else if (code === TAKEN && words === "") resolve(false);
      else reject(new NoLocks(words.trim() || `the program flock ended with ${code}`));
    });
  });
}

/** Files cannot be locked. */
class NoLocks extends Error {
  /** What the system calls it. */
  readonly code = "ENOLCK";

  constructor(reason: string) {
    super(`Cannot lock a file: ${reason}; install util-linux, or use the form for Deno`);
  }
}
