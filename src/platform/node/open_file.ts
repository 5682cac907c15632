/**
 * Open files.
 * @module
 */
import * as fs from "node:fs";
import { promisify } from "node:util";
import { attempt, attemptAsync, errors } from "./errors.ts";
import { fileInfo } from "./file_info.ts";
import { openFlags } from "./files.ts";
import { FileLock } from "./locks.ts";

/** `Deno.SeekMode`: from where a position counts. */
export const SeekMode = { Start: 0, Current: 1, End: 2 } as const;

const calls = {
  close: promisify(fs.close),
  fdatasync: promisify(fs.fdatasync),
  fstat: promisify(fs.fstat) as (fd: number) => Promise<fs.Stats>,
  fsync: promisify(fs.fsync),
  ftruncate: promisify(fs.ftruncate),
  futimes: promisify(fs.futimes),
  open: promisify(fs.open),
  read: promisify(fs.read),
};

/**
 * An open file. Node cannot move the position that the system keeps of it, so it is kept here from
 * the first move on; until then the system's own is used, and always where bytes are appended.
 */
class OpenFile {
  #fd: number | undefined;
  readonly #path: string | URL;
  readonly #appends: boolean;
  #lock: FileLock | undefined;
  /** Where the next byte is read or written, once that was moved. */
  #moved: number | undefined;
  /** The same, as the system counts it. */
  #passed = 0;

  constructor(fd: number, path: string | URL, { append = false }: Deno.OpenOptions) {
    this.#fd = fd;
    this.#path = path;
    this.#appends = append;
  }

  get #open(): number {
    if (this.#fd === undefined) throw new errors.BadResource("The file is closed");
    return this.#fd;
  }

  /** Where to read or write, as Node takes it. */
  get #position(): number | null {
    return this.#moved ?? null;
  }

  #pass(count: number): number {
    if (this.#moved === undefined) this.#passed += count;
    else this.#moved += count;
    return count;
  }

  stat(): Promise<Deno.FileInfo> {
    return attemptAsync(async () => fileInfo(await calls.fstat(this.#open)));
  }

  statSync(): Deno.FileInfo {
    return attempt(() => fileInfo(fs.fstatSync(this.#open)));
  }

  read(into: Uint8Array): Promise<number | null> {
    return attemptAsync(async () => {
      const { bytesRead } = await calls.read(this.#open, into, 0, into.length, this.#position);
      return this.#pass(bytesRead) || null;
    });
  }

  readSync(into: Uint8Array): number | null {
    return attempt(() =>
      this.#pass(fs.readSync(this.#open, into, 0, into.length, this.#position)) || null
    );
  }

  writeSync(bytes: Uint8Array): number {
    const position = this.#appends ? null : this.#position;
    return attempt(() =>
      this.#pass(fs.writeSync(this.#open, bytes, 0, bytes.byteLength, position))
    );
  }

  seek(offset: number, whence: Deno.SeekMode): Promise<number> {
    return Promise.resolve(this.seekSync(offset, whence));
  }

  seekSync(offset: number, whence: Deno.SeekMode): number {
    const from = {
      [SeekMode.Start]: () => 0,
      [SeekMode.Current]: () => this.#moved ?? this.#passed,
      [SeekMode.End]: () => this.statSync().size,
    }[whence as 0 | 1 | 2]();
    return this.#moved = from + offset;
  }

  sync(): Promise<void> {
    return attemptAsync(() => calls.fsync(this.#open));
  }

  syncData(): Promise<void> {
    return attemptAsync(() => calls.fdatasync(this.#open));
  }

  truncate(size = 0): Promise<void> {
    return attemptAsync(() => calls.ftruncate(this.#open, size));
  }

  utime(atime: number | Date, mtime: number | Date): Promise<void> {
    return attemptAsync(() => calls.futimes(this.#open, atime, mtime));
  }

  utimeSync(atime: number | Date, mtime: number | Date): void {
    attempt(() => fs.futimesSync(this.#open, atime, mtime));
  }

  syncSync(): void {
    attempt(() => fs.fsyncSync(this.#open));
  }

  syncDataSync(): void {
    attempt(() => fs.fdatasyncSync(this.#open));
  }

  truncateSync(size = 0): void {
    attempt(() => fs.ftruncateSync(this.#open, size));
  }

  async tryLock(exclusive = false): Promise<boolean> {
    this.#lock ??= new FileLock({ fd: this.#open, path: this.#path });
    return await this.#lock.tryLock(exclusive);
  }

  async unlock(): Promise<void> {
    await this.#lock?.unlock();
  }

  close(): void {
    const fd = this.#open;
    this.#fd = undefined;
    this.#lock?.unlockHolder();
    attempt(() => fs.closeSync(fd));
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) this.close();
  }
}

export const open: typeof Deno.open = async (path, options = { read: true }) => {
  const flags = openFlags(options);
  const fd = await attemptAsync(() => calls.open(path, flags, options.mode ?? 0o666));
  return new OpenFile(fd, path, options) as unknown as Deno.FsFile;
};

export const create: typeof Deno.create = (path) =>
  open(path, { read: true, write: true, create: true, truncate: true });

export const openSync: typeof Deno.openSync = (path, options = { read: true }) => {
  const flags = openFlags(options);
  const fd = attempt(() => fs.openSync(path, flags, options.mode ?? 0o666));
  return new OpenFile(fd, path, options) as unknown as Deno.FsFile;
};
