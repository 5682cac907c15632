/**
 * Byte sources that can be opened again.
 *
 * Retries, ranges and resumption all need the same bytes a second time, so nothing in this program
 * hands around a bare stream where content is meant.
 * @module
 */
import { ConflictError, InvalidInputError, NotFoundError, TransferError } from "./errors.ts";
import { CHUNK_SIZE } from "./streams.ts";
import { quote } from "./text.ts";

/** Part of a content: from byte `start` up to, not including, byte `end` (the size when absent). */
export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** Byte after the last one. */
  readonly end?: number;
}

/** How to open a source. */
export interface OpenOptions {
  /** Only these bytes; everything when absent. */
  readonly range?: ByteRange;
  /** Stops the stream. */
  readonly signal?: AbortSignal;
}

/** Bytes of a known size that can be read any number of times. */
export interface BlobSource {
  /** Size of the whole content in bytes. */
  readonly size: number;
  /** Opens the content, or a range of it, as a new stream. */
  open(options?: OpenOptions): Promise<ReadableStream<Uint8Array>>;
}

/**
 * The first and last-plus-one byte of `range` in a content of `size` bytes.
 * @throws {InvalidInputError} when the range does not lie within the content.
 */
export function rangeBounds(
  range: ByteRange | undefined,
  size: number,
): { start: number; end: number } {
  const start = range?.start ?? 0;
  const end = range?.end ?? size;
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!whole || start < 0 || start > end || end > size) {
    throw new InvalidInputError(
      `Cannot read bytes ${start} to ${end}: the content has ${size} bytes`,
    );
  }
  return { start, end };
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): BlobSource {
  return {
    size: bytes.byteLength,
    open(options = {}) {
      const { start, end } = rangeBounds(options.range, bytes.byteLength);
      return Promise.resolve(
        new ReadableStream<Uint8Array>({
          start(controller) {
            if (end > start) controller.enqueue(bytes.slice(start, end));
            controller.close();
          },
        }),
      );
    },
  };
}

/** The facts about a file that tell whether it is still the same content. */
export interface FileFacts {
  /** Size in bytes. */
  readonly size: number;
  /** Modification time, in milliseconds since the epoch. */
  readonly mtime: number;
}

function factsOf(info: Deno.FileInfo): FileFacts {
  return { size: info.size, mtime: info.mtime?.getTime() ?? 0 };
}

function sameFacts(a: FileFacts, b: FileFacts): boolean {
  return a.size === b.size && a.mtime === b.mtime;
}

/** A source over a file, and the file's facts when the source was made. */
export interface FileSource extends BlobSource, FileFacts {
  /** Path the source reads. */
  readonly path: string;
}

/**
 * A source over a regular file. The file's size and time are noted now and compared whenever it is
 * opened and again when it was read to the end, so that a file that changes while it is packaged is
 * an error and not a corrupt layer.
 * @throws {NotFoundError} when there is no such file.
 * @throws {InvalidInputError} when the path is not a regular file, or may not be read.
 */
export async function fileSource(path: string): Promise<FileSource> {
  const info = await statFile(path);
  const noted = factsOf(info);
  return {
    path,
    ...noted,
    async open(options = {}) {
      const { start, end } = rangeBounds(options.range, noted.size);
      const file = await openFile(path);
      try {
        if (!sameFacts(noted, factsOf(await file.stat()))) throw fileChanged(path);
        if (start > 0) await file.seek(start, Deno.SeekMode.Start);
      } catch (error) {
        file.close();
        throw error;
      }
      return fileStream(file, { path, noted, length: end - start, signal: options.signal });
    },
  };
}

interface FileStreamOptions {
  readonly path: string;
  readonly noted: FileFacts;
  readonly length: number;
  readonly signal?: AbortSignal;
}

/** Streams `length` bytes of an open file in large chunks, and closes it whatever happens. */
function fileStream(file: Deno.FsFile, options: FileStreamOptions): ReadableStream<Uint8Array> {
  let left = options.length;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        options.signal?.throwIfAborted();
        const buffer = new Uint8Array(Math.min(CHUNK_SIZE, left));
        const count = left === 0 ? 0 : await file.read(buffer);
        if (count === null) throw fileChanged(options.path);
        left -= count;
        if (count > 0) controller.enqueue(buffer.subarray(0, count));
        if (left > 0) return;
        if (!sameFacts(options.noted, factsOf(await file.stat()))) throw fileChanged(options.path);
        file.close();
        controller.close();
      } catch (error) {
        closeQuietly(file);
        throw explainRead(options.path, error);
      }
    },
    cancel() {
      closeQuietly(file);
    },
  }, { highWaterMark: 0 });
}

function closeQuietly(file: Deno.FsFile): void {
  try {
    file.close();
  } catch (error) {
    // The only failure close has is "already closed", which is what is wanted.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** The error for a file that is not what it was when it was looked at first. */
export function fileChanged(path: string): ConflictError {
  return new ConflictError(`Cannot read ${quote(path)}: it changed while it was read`, {
    path,
    remedy: "wait until nothing writes to the file, then run the command again",
  });
}

async function statFile(path: string): Promise<Deno.FileInfo> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    throw explainRead(path, error);
  }
  if (info.isFile) return info;
  const found = info.isDirectory ? "it is a directory" : "it is not a regular file";
  throw new InvalidInputError(`Cannot read ${quote(path)}: ${found}`, { path });
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    throw explainRead(path, error);
  }
}

/** Turns an operating-system error on reading `path` into one that a person can act on. */
export function explainRead(path: string, error: unknown): unknown {
  const quoted = quote(path);
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return new NotFoundError(`Cannot read ${quoted}: no such file`, { path, cause: error });
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return new InvalidInputError(`Cannot read ${quoted}: permission denied`, {
      path,
      cause: error,
    });
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return new InvalidInputError(`Cannot read ${quoted}: it is a directory`, {
      path,
      cause: error,
    });
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    if (error.code === "ENAMETOOLONG" || error.code === "ELOOP") {
      const reason = error.code === "ELOOP" ? "links go in a circle" : "the name is too long";
      return new InvalidInputError(`Cannot read ${quoted}: ${reason}`, { path, cause: error });
    }
    return new TransferError(`Cannot read ${quoted}: ${error.message}`, { path, cause: error });
  }
  return error;
}
