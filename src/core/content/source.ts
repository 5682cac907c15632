/**
 * Byte sources that can be opened again.
 *
 * Retries, ranges and resumption all need the same bytes a second time, so nothing in this program
 * passes content on as a bare stream.
 * @module
 */
import type { Digest, DigestAlgorithm } from "../digest.ts";
import { InvalidInputError } from "../errors.ts";

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
  /** The most bytes of a piece of the stream, where the source chooses: as many as are fast. */
  readonly pieceSize?: () => number;
  /** Stops the stream. */
  readonly signal?: AbortSignal;
}

/** Where to note how far a file is, for whoever goes on after a process that was killed. */
export interface ProgressNotes {
  /** Path of a file that lines are added to. */
  readonly path: string;
  /** Beginning of each line; the count of the bytes since `from` follows. */
  readonly prefix: string;
  /** Position in the file that is counted from. */
  readonly from: number;
  /** Bytes between two lines. */
  readonly every: number;
}

/** How to write a content into a file. */
export interface ToFileOptions extends OpenOptions {
  /** Hashes the file from its first byte to the last one written; nothing is hashed when absent. */
  readonly algorithm?: DigestAlgorithm;
  /** What errors call the file, where it has a name for the time being; its path when absent. */
  readonly shownPath?: string;
  /** Whether what is written goes its way to the disk while more of it is written. */
  readonly flush?: boolean;
  /**
   * Whether to fail when a server sends all bytes where the range was asked for: whoever asks for
   * several ranges at once does not want all of it several times.
   */
  readonly onlyRange?: boolean;
  /** Where to note how far the file is; a source that cannot go on notes nothing. */
  readonly notes?: ProgressNotes;
  /** Memory of a mark that says how far the file is written, for whoever hashes it meanwhile. */
  readonly mark?: SharedArrayBuffer;
  /** Told now and then how many bytes of the range are in the file. */
  readonly onBytes?: (bytes: number) => void;
}

/** Bytes of a known size that can be read any number of times. */
export interface BlobSource {
  /** Size of the whole content in bytes. */
  readonly size: number;
  /** Whether the content is on this machine: several ranges at once bring nothing then. */
  readonly isLocal?: boolean;
  /** Whether it is most of what is moved together: several ranges at once pay then. */
  readonly dominates?: boolean;
  /** Opens the content, or a range of it, as a new stream. */
  open(options?: OpenOptions): Promise<ReadableStream<Uint8Array>>;
  /**
   * Reads the content, or a range of it, at once. A source offers this where its bytes are at hand:
   * a stream costs many times what a small file does. {@linkcode readSource} reads all others.
   */
  read?(options?: OpenOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Writes the content, or a range of it, into a file that is there, at the position that it has in
   * the content, and gives the digest that was asked for. Whole content may come as a new file with
   * the permissions of that one, so nobody should have it open. A source offers this when it can do
   * it without the bytes passing through this thread; all others are read through `open`.
   */
  toFile?(path: string, options?: ToFileOptions): Promise<Digest | undefined>;
  /**
   * Told by whoever takes the content how many bytes of it are where they belong without being
   * read: before the first read, what an earlier run has left; after a failure, what the next run
   * will find. Sources that show progress listen.
   */
  noteKept?(bytes: number): void;
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

/**
 * Does what takes a content; again from the beginning while that fails and `elsewhere` says that
 * there is another place to take it from. Only whoever takes a content learns that its bytes were
 * wrong, when all of them have come.
 */
export async function taken<Result>(
  work: () => Promise<Result>,
  elsewhere?: (failure: unknown) => Promise<boolean>,
): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!await elsewhere?.(error)) throw error;
    }
  }
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): BlobSource {
  return {
    size: bytes.byteLength,
    read(options = {}) {
      const { start, end } = rangeBounds(options.range, bytes.byteLength);
      return Promise.resolve(bytes.slice(start, end));
    },
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
