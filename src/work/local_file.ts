/**
 * Files of this machine as content that the kernel copies.
 *
 * A copy is hashed, not what it was copied from: what is kept is then what was hashed, whatever
 * happens to the other file meanwhile.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import type { Digest } from "../core/digest.ts";
import { explainRead, explainWrite } from "../core/file_errors.ts";
import {
  examineFile,
  fileChanged,
  type FileSource,
  RegularFile,
} from "../core/content/file_source.ts";
import { syncPath } from "../core/files.ts";
import { bytesOnDisk, checkRoom } from "../core/folders/room.ts";
import { rangeBounds, type ToFileOptions } from "../core/content/source.ts";
import { unlessAborted } from "../core/waiting/on_abort.ts";
import { dirname } from "../core/runtime/path.ts";
import { holdWorkers, runTask } from "./pool.ts";
import { otherWork, type TaskControl } from "./task.ts";
import { runHere } from "./telling.ts";

/** A file that the kernel copies. */
export class LocalFile extends RegularFile {
  readonly isLocal = true;
  /** What the system said of the file when the source was made. */
  readonly info: Deno.FileInfo;

  constructor(path: string, info: Deno.FileInfo) {
    super(path, info);
    this.info = info;
  }

  /** As {@linkcode BlobSource.toFile} says. */
  toFile(path: string, options?: ToFileOptions): Promise<Digest | undefined> {
    return copyToFile(this, path, options);
  }
}

/**
 * A source over a regular file that also goes to a file.
 * @throws {NotFoundError} when there is no such file.
 * @throws {InvalidInputError} when the path is not a regular file, or may not be read.
 */
export async function localFile(path: string): Promise<LocalFile> {
  return new LocalFile(path, examineFile(path));
}

async function copyToFile(
  source: FileSource,
  to: string,
  options: ToFileOptions = {},
): Promise<Digest | undefined> {
  const { range, signal, onBytes, algorithm } = options;
  const { start, end } = rangeBounds(range, source.size);
  if (start > 0 || end < source.size) {
    return await copyRange(source, to, { ...options, start, end });
  }
  signal?.throwIfAborted();
  await checkRoomFor(source, to);
  using workers = holdWorkers();
  await Promise.all([
    copyWhole(source.path, to, options),
    // Starting a worker takes this thread 20 ms: whatever else is to be copied begins before.
    algorithm && otherWork().then(() => workers.expect([source.size])),
  ]);
  ensureUnchanged(source);
  const hash = async () => {
    const running = { size: source.size, signal, onBytes };
    return algorithm && await runTask("hashFile", { path: to, algorithm }, running);
  };
  // The way to the disk takes as long as the hash, and hardly any time of a processor.
  const flush = async () => void (options.flush && await flushCopy(to, options));
  const [hashed] = await mapConcurrent([hash, flush], (work) => work());
  if (hashed && hashed.size !== source.size) throw fileChanged(source.path);
  return hashed?.digest;
}

/**
 * Makes sure that a copy fits: one that does not would fill the disk of all others before it fails,
 * and the kernel cannot be stopped while it copies. What is in its place is removed first.
 */
async function checkRoomFor({ size }: FileSource, to: string): Promise<void> {
  const exact = () => size - bytesOnDisk(to);
  await checkRoom(dirname(to), { most: size, exact, copies: true });
}

async function flushCopy(path: string, { shownPath = path, signal }: ToFileOptions): Promise<void> {
  const flushed = syncPath(path).catch((error) => {
    throw explainWrite(shownPath, error);
  });
  await unlessAborted(flushed, signal);
}

/**
 * Copies a file in place of another, with the permissions of that. The copy is a new file: one that
 * was emptied is sent to the disk by ext4 when it is closed, and the runtime would wait 0.3 s a GiB
 * for that.
 */
async function copyWhole(
  from: string,
  to: string,
  { shownPath = to, signal }: ToFileOptions,
): Promise<void> {
  try {
    const { mode } = await Deno.stat(to);
    await Deno.remove(to);
    await unlessAborted(Deno.copyFile(from, to), signal);
    if (mode !== null && Deno.build.os !== "windows") await Deno.chmod(to, mode & 0o777);
  } catch (error) {
    throw error instanceof Deno.errors.NotFound
      ? explainRead(from, error)
      : explainWrite(shownPath, error);
  }
}

function ensureUnchanged({ path, size, mtime }: FileSource): void {
  const now = new RegularFile(path, examineFile(path));
  if (now.size !== size || now.mtime !== mtime) throw fileChanged(path);
}

async function copyRange(
  source: FileSource,
  path: string,
  { start, end, signal, onBytes, algorithm, shownPath }: ToFileOptions & {
    start: number;
    end: number;
  },
): Promise<Digest | undefined> {
  const stream = await source.open({ range: { start, end }, signal });
  const place = { path, at: start, length: end - start, algorithm, shownPath };
  const { receiveBody } = await import("./receive.ts");
  const receive = (control: TaskControl) => receiveBody(stream, place, control);
  const { digest, fault } = await runHere({ signal, onBytes }, receive);
  if (fault !== undefined) throw fault;
  return digest;
}
