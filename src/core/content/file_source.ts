/**
 * Files as byte sources.
 * @module
 */
import { ConflictError, InvalidInputError } from "../errors.ts";
import { explainRead } from "../file_errors.ts";
import { type BlobSource, type OpenOptions, rangeBounds } from "./source.ts";
import { borrowBuffer } from "../buffers.ts";
import { CHUNK_SIZE, offerPieces } from "../streams.ts";
import { quote } from "../text.ts";

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
  /** Reads at once, and finds out afterwards whether the file was the same all along. */
  read(options?: OpenOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** How to read a file. */
export interface FileSourceOptions {
  /** What the file is called in messages; its path when absent. */
  readonly shownPath?: string;
  /**
   * Whether a link in the place of the file is refused, also one that gets there between the look
   * and the opening. Links on the way to it are the caller's to refuse.
   */
  readonly refuseLinks?: boolean;
}

/**
 * A source over a regular file. The file's size and time are noted now and compared whenever it is
 * opened and again when it was read to the end, so that a file that changes while it is packaged is
 * an error and not a corrupt layer.
 * @throws {NotFoundError} when there is no such file.
 * @throws {InvalidInputError} when the path is not a regular file, or may not be read.
 */
export async function fileSource(
  path: string,
  options: FileSourceOptions = {},
): Promise<FileSource> {
  return new RegularFile(path, examineFile(path, options), options);
}

/**
 * What the system says of a regular file.
 * @throws as {@linkcode fileSource} does.
 */
export function examineFile(
  path: string,
  { shownPath = path, refuseLinks = false }: FileSourceOptions = {},
): Deno.FileInfo {
  return statFile(path, shownPath, refuseLinks ? Deno.lstatSync : Deno.statSync);
}

/**
 * A file as it was when it was examined. Of what the system said of it only five numbers stay:
 * there may be tens of thousands, and an object with all facts, and functions for each, take 2 KiB.
 */
export class RegularFile implements FileSource {
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
  /** Its permissions, where the system has any. */
  readonly mode: number | undefined;
  readonly #shownPath: string;
  /** Device and inode, where it has to stay the same file. */
  readonly #number: string | undefined;

  constructor(
    path: string,
    info: Deno.FileInfo,
    { shownPath = path, refuseLinks = false }: FileSourceOptions = {},
  ) {
    const { size, mtime } = factsOf(info);
    this.path = path;
    this.size = size;
    this.mtime = mtime;
    this.mode = info.mode ?? undefined;
    this.#shownPath = shownPath;
    this.#number = refuseLinks ? numberOf(info) : undefined;
  }

  async read({ range, signal }: OpenOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { start, end } = rangeBounds(range, this.size);
    signal?.throwIfAborted();
    const bytes = new Uint8Array(end - start);
    const file = openFile(this.path, this.#shownPath);
    try {
      if (start > 0) file.seekSync(start, Deno.SeekMode.Start);
      const isWhole = readFully(file, bytes);
      if (!isWhole || !this.#isSame(file.statSync())) throw fileChanged(this.#shownPath);
      return bytes;
    } catch (error) {
      throw explainRead(this.#shownPath, error);
    } finally {
      file.close();
    }
  }

  async open(
    { range, signal, pieceSize }: OpenOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const { start, end } = rangeBounds(range, this.size);
    const path = this.#shownPath;
    const file = openFile(this.path, path);
    try {
      if (!this.#isSame(file.statSync())) throw fileChanged(path);
      if (start > 0) file.seekSync(start, Deno.SeekMode.Start);
    } catch (error) {
      file.close();
      throw error;
    }
    return fileStream(file, { path, noted: this, length: end - start, signal, pieceSize });
  }

  #isSame(now: Deno.FileInfo): boolean {
    return sameFacts(this, factsOf(now)) &&
      (this.#number === undefined || this.#number === numberOf(now));
  }
}

/** What tells a file from all others of the machine. */
function numberOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev} ${ino}`;
}

/** Fills `bytes` from where a file stands; `false` when the file ends before. */
function readFully(file: Deno.FsFile, bytes: Uint8Array): boolean {
  for (let length = 0; length < bytes.byteLength;) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null) return false;
    length += count;
  }
  return true;
}

interface FileStreamOptions {
  readonly path: string;
  readonly noted: FileFacts;
  readonly length: number;
  readonly pieceSize?: () => number;
  readonly signal?: AbortSignal;
}

/**
 * One read in so many is awaited. The others are not: awaiting one costs several times what reading
 * does. But a reader that computes would let nobody else have a turn.
 */
const READS_A_TURN = 64;

/** Streams `length` bytes of an open file in large chunks, and closes it whatever happens. */
function fileStream(file: Deno.FsFile, options: FileStreamOptions): ReadableStream<Uint8Array> {
  const reading = new FileReading(file, options);
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const buffer = borrowBuffer(Math.min(reading.left, options.pieceSize?.() ?? CHUNK_SIZE));
      const count = await reading.read(buffer);
      // Whoever is last to use it can give back the buffer itself, and no part of one.
      const isFull = count === buffer.byteLength;
      if (count > 0) controller.enqueue(isFull ? buffer : buffer.subarray(0, count));
      if (reading.left === 0) controller.close();
    },
    cancel: () => reading.end(),
  }, { highWaterMark: 0 });
  offerPieces(stream, (size) => {
    const buffer = new Uint8Array(Math.min(reading.left, size));
    return {
      async read() {
        const count = await reading.read(buffer);
        return { done: count === 0, value: buffer.subarray(0, count) };
      },
      cancel: () => Promise.resolve(reading.end()),
    };
  });
  return stream;
}

/** What is read of an open file, which is closed at the end, and when something goes wrong. */
class FileReading {
  readonly #file: Deno.FsFile;
  readonly #options: FileStreamOptions;
  #reads = 0;
  #isOver = false;
  /** Bytes that are still to be read. */
  left: number;

  constructor(file: Deno.FsFile, options: FileStreamOptions) {
    this.#file = file;
    this.#options = options;
    this.left = options.length;
  }

  /** Reads into a buffer, and tells how many bytes; 0 is the end. */
  async read(buffer: Uint8Array): Promise<number> {
    if (this.#isOver) return 0;
    const { path, noted, signal } = this.#options;
    try {
      signal?.throwIfAborted();
      const count = this.left === 0 ? 0 : await this.#next(buffer.subarray(0, this.left));
      if (count === null) throw fileChanged(path);
      this.left -= count;
      if (this.left > 0) return count;
      if (!sameFacts(noted, factsOf(this.#file.statSync()))) throw fileChanged(path);
      this.end();
      return count;
    } catch (error) {
      this.end();
      throw explainRead(path, error);
    }
  }

  #next(wanted: Uint8Array): Promise<number | null> | number | null {
    const awaits = ++this.#reads % READS_A_TURN === 0;
    return awaits ? this.#file.read(wanted) : this.#file.readSync(wanted);
  }

  /** Reads no more. */
  end(): void {
    this.#isOver = true;
    closeQuietly(this.#file);
  }
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

function statFile(
  path: string,
  shownPath: string,
  look: (path: string) => Deno.FileInfo,
): Deno.FileInfo {
  let info: Deno.FileInfo;
  try {
    info = look(path);
  } catch (error) {
    throw explainRead(shownPath, error);
  }
  if (info.isFile) return info;
  const found = info.isDirectory ? "it is a directory" : "it is not a regular file";
  throw new InvalidInputError(`Cannot read ${quote(shownPath)}: ${found}`, { path: shownPath });
}

function openFile(path: string, shownPath: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true });
  } catch (error) {
    throw explainRead(shownPath, error);
  }
}
