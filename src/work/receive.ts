/**
 * The body of an answer into a file: one buffer, one write and one hash a chunk.
 * @module
 */
import { type Digest, type DigestAlgorithm, Digester } from "../core/digest.ts";
import { explainWrite } from "../core/file_errors.ts";
import { openOwn, writeFully } from "../core/files.ts";
import type { ProgressNotes } from "../core/content/source.ts";
import { CHUNK_SIZE, type PieceReader, pieceReader } from "../core/streams.ts";
import { DEFAULT_RETRY } from "../core/retry.ts";
import { StallWatch } from "../core/waiting/time_limit.ts";
import { Flusher } from "./flusher.ts";
import { otherWork, type TaskControl } from "./task.ts";
import { WrittenMark } from "./written_mark.ts";

/** Where in a file bytes go. */
export interface FilePlace {
  /** Path of a file that is there. */
  readonly path: string;
  /** Position in the file of the first byte. */
  readonly at: number;
  /** Count of the bytes that are wanted; what comes after them is not taken. */
  readonly length: number;
  /**
   * Hashes the file from its beginning, what was there before included; nothing is hashed when
   * absent.
   */
  readonly algorithm?: DigestAlgorithm;
  /** What errors call the file; its path when absent. */
  readonly shownPath?: string;
  /** Milliseconds without a byte after which the connection counts as lost. */
  readonly stallTime?: number;
  /** Whether what is written goes its way to the disk while more of it comes. */
  readonly flush?: boolean;
  /** Where to note how far the file is. */
  readonly notes?: ProgressNotes;
  /** Memory of a mark that whoever hashes the file follows. */
  readonly mark?: SharedArrayBuffer;
}

/** What came. */
export interface Received {
  /** Bytes that are in the file now. */
  readonly bytes: number;
  /** Whether the body had more than was wanted. */
  readonly more: boolean;
  /** Digest of the file up to the last byte that came, where it was asked for. */
  readonly digest?: Digest;
  /** Why there are fewer bytes than were wanted, when the connection was lost. */
  readonly fault?: unknown;
}

/**
 * Writes a body into a file, at a place in it.
 * @throws {TransferError} when the file cannot be written. A body that breaks off is no error: what
 * came of it is told.
 */
export async function receiveBody(
  body: ReadableStream<Uint8Array> | null,
  place: FilePlace,
  control: TaskControl,
): Promise<Received> {
  await using chunks = new BodyChunks(body, place.stallTime);
  try {
    using file = openOwn(place.path, { read: true, write: true });
    await using flusher = place.flush ? new Flusher(file) : undefined;
    using notes = place.notes && new NoteBook(place.notes);
    const digester = place.algorithm && await hashedStart(file, place, control);
    const mark = place.mark && new WrittenMark(place.mark);
    mark?.begin(place.at);
    file.seekSync(place.at, Deno.SeekMode.Start);
    let bytes = 0;
    let more = false;
    for (;;) {
      control.throwIfStopped();
      const chunk: Uint8Array | undefined = more ? undefined : await chunks.next();
      if (chunk === undefined) {
        await flusher?.idle();
        return { bytes, more, digest: digester?.digest(), fault: chunks.fault };
      }
      const wanted = chunk.subarray(0, place.length - bytes);
      more = wanted.byteLength < chunk.byteLength;
      writeFully(file, wanted);
      digester?.update(wanted);
      flusher?.wrote(wanted.byteLength);
      bytes += wanted.byteLength;
      notes?.reached(place.at + bytes);
      mark?.reached(place.at + bytes);
      control.advance(wanted.byteLength);
    }
  } catch (error) {
    throw explainWrite(place.shownPath ?? place.path, error);
  }
}

/** Notes how far a file is: whoever started the task is killed with it, and knows it later. */
class NoteBook implements Disposable {
  readonly #notes: ProgressNotes;
  readonly #file: Deno.FsFile;
  #last = 0;

  constructor(notes: ProgressNotes) {
    this.#notes = notes;
    this.#file = openOwn(notes.path, { append: true });
  }

  reached(position: number): void {
    const { prefix, from, every } = this.#notes;
    const count = position - from;
    if (count - this.#last < every) return;
    this.#last = count;
    writeFully(this.#file, new TextEncoder().encode(`${prefix}${count}\n`));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Bytes between two pauses: hashing them takes about 10 ms. */
const PAUSE_EVERY = 16 * CHUNK_SIZE;

/** A digester that has seen what is in the file before the place. */
async function hashedStart(
  file: Deno.FsFile,
  { at, algorithm }: FilePlace,
  control: TaskControl,
): Promise<Digester> {
  const digester = new Digester(algorithm);
  const buffer = new Uint8Array(Math.min(CHUNK_SIZE, at));
  while (digester.size < at) {
    control.throwIfStopped();
    // It may be gigabytes: whoever shares the thread goes on meanwhile.
    if (digester.size % PAUSE_EVERY === 0) await otherWork();
    const count = file.readSync(buffer.subarray(0, at - digester.size));
    if (count === null) break;
    digester.update(buffer.subarray(0, count));
  }
  return digester;
}

/** Bytes that are read and hashed at once; nothing came of larger reads. */
const READ_SIZE = 256 * 1024;

/**
 * The chunks of a body until it ends or breaks, each in the one buffer where the body can be read
 * so; a chunk is gone with the next.
 */
class BodyChunks implements AsyncDisposable {
  readonly #reader: PieceReader | undefined;
  readonly #watch: StallWatch;
  readonly #kept: Disposable;
  /** Why there is no further chunk, when the body broke. */
  fault: unknown;

  constructor(
    body: ReadableStream<Uint8Array> | null,
    stallTime: number = DEFAULT_RETRY.stallTime,
  ) {
    this.#reader = body === null ? undefined : pieceReader(body, READ_SIZE);
    this.#watch = new StallWatch(stallTime);
    this.#kept = this.#watch.keep();
  }

  /** The next bytes; `undefined` at the end, or when the body broke. */
  async next(): Promise<Uint8Array | undefined> {
    const reader = this.#reader;
    if (reader === undefined) return undefined;
    try {
      const { done, value } = await this.#watch.during(() => reader.read());
      return done ? undefined : value;
    } catch (error) {
      this.fault = error;
      return undefined;
    }
  }

  /** What was not read to its end would keep the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kept[Symbol.dispose]();
    // A body that broke already needs no cancelling.
    await this.#reader?.cancel().catch(() => undefined);
  }
}
