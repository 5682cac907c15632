/**
 * A file that is written in parts, in any order, and can be gone on with after any exit.
 *
 * Beside `<name>.partial` a journal, `<name>.journal`, says how much of each part is written. Its
 * first line says what the parts are parts of; a journal of anything else is started anew. The
 * journal does not vouch for the bytes: whoever finishes the file compares its hash. It is locked
 * while somebody writes, and the system drops the lock with its process.
 * @module
 */
import { unfinishedMode } from "../core/content/file_attributes.ts";
import {
  isNamed,
  lstatIfExists,
  openOrMake,
  openOwn,
  removeIfExists,
  writeFully,
} from "../core/files.ts";
import type { ProgressNotes } from "../core/content/source.ts";
import { type Part, partsOf } from "./parts.ts";

/** Content from this size on, in bytes, is worth keeping what has come of it when it is stopped. */
export const KEPT_FROM = 4 * 1024 * 1024;

/** What a partial file becomes. */
export interface PartialContent {
  /** The promised hash. Without one, what an earlier process has written is not gone on with. */
  readonly hash?: string;
  /** Size of the whole in bytes; the content is one part without it. */
  readonly size?: number;
  /** Size of a part in bytes; parts that an earlier process began keep theirs. */
  readonly partSize: number;
  /**
   * Permissions that the file is to have in the end; the system's default when absent. Meanwhile
   * its owner may write to it as well.
   */
  readonly mode?: number;
}

/** Most bytes of a part after which the journal says how much of it is written. */
const NOTED_EVERY = 8 * 1024 * 1024;

/** Notes of a content: what is not noted when a process is killed comes once more. */
const LEAST_NOTES = 512;

/** Bytes between two notes that are not worth one. */
const TOO_SMALL_TO_NOTE = 64 * 1024;

/** A partial file that this process alone writes. */
export class PartialFile implements AsyncDisposable {
  /** The file with the bytes. */
  readonly path: string;
  /** All parts, in order; the only one of a content of unknown size has no end. */
  parts: readonly Part[] = [];
  readonly #journalPath: string;
  readonly #journal: Deno.FsFile;
  /** Bytes that are written of each part, from its start on. */
  #written: number[] = [];
  /** What the journal says of each part. */
  readonly #noted: number[] = [];
  #total = 0;
  /** Bytes of a part between two notes. */
  #every = NOTED_EVERY;
  #keep = true;

  private constructor(base: string, journal: Deno.FsFile) {
    this.path = `${base}.partial`;
    this.#journalPath = `${base}.journal`;
    this.#journal = journal;
  }

  /**
   * Opens the partial file of a name, with what an earlier process has written of the same content.
   * @returns `undefined` when another process is writing it.
   */
  static async open(base: string, content: PartialContent): Promise<PartialFile | undefined> {
    const journal = await lockedJournal(`${base}.journal`);
    if (journal === undefined) return undefined;
    try {
      const partial = new PartialFile(base, journal);
      await partial.#recover(content);
      return partial;
    } catch (error) {
      journal.close();
      throw error;
    }
  }

  /** The first byte of a part that is not written. */
  next({ index, start }: Part): number {
    return start + (this.#written[index] ?? 0);
  }

  /** Whether all of a part is written. */
  has(part: Part): boolean {
    return this.next(part) === part.end;
  }

  /** Bytes that are written. */
  get written(): number {
    return this.#total;
  }

  /** Bytes that the next transfer will find. */
  get kept(): number {
    return this.#keep ? this.#total : 0;
  }

  /** The end of the bytes that are written without a gap from a position on. */
  reach(position: number): number {
    for (const part of this.parts) {
      if (part.end <= position) continue;
      position = Math.max(position, this.next(part));
      if (position < part.end) break;
    }
    return position;
  }

  /** Writes bytes as they come, from where the part stops, and notes how far it got. */
  async write(part: Part, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    using file = openOwn(this.path, { write: true });
    await file.seek(this.next(part), Deno.SeekMode.Start);
    let unnoted = 0;
    try {
      for await (const chunk of chunks) {
        writeFully(file, chunk);
        this.#count(part, chunk.byteLength);
        unnoted += chunk.byteLength;
        if (unnoted >= this.#every) unnoted = this.#note(part);
      }
    } finally {
      if (unnoted > 0) this.#note(part);
    }
  }

  /** Where somebody else who writes a part notes how far it is. */
  notesOf({ index, start }: Part): ProgressNotes {
    return { path: this.#journalPath, prefix: `${index} `, from: start, every: this.#every };
  }

  /** Counts what somebody else writes of a part. */
  reached(part: Part, position: number): void {
    this.#count(part, Math.max(0, position - this.next(part)));
    if (this.#unnoted(part) >= this.#every) this.#note(part);
  }

  /** Notes how far somebody else got with a part that is not written any more. */
  settle(part: Part): void {
    if (this.#unnoted(part) > 0) this.#note(part);
  }

  #unnoted({ index }: Part): number {
    return (this.#written[index] ?? 0) - (this.#noted[index] ?? 0);
  }

  /** Has the file given its final name, flushed to the disk before when that is wanted. */
  async finish(
    place: (file: string) => Promise<void>,
    { flush }: { readonly flush: boolean },
  ): Promise<void> {
    if (flush) {
      const file = openOwn(this.path, { write: true });
      try {
        await file.sync();
      } finally {
        file.close();
      }
    }
    await place(this.path);
    this.#keep = false;
  }

  /** Disposing removes what is written, instead of keeping it for the next time. */
  discard(): void {
    this.#keep = false;
  }

  /**
   * Closes the file; what is written stays for the next time unless it is finished or discarded.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#keep || this.written === 0) {
      await removeIfExists(this.path);
      await removeIfExists(this.#journalPath);
    }
    this.#journal.close();
  }

  #count({ index }: Part, bytes: number): void {
    this.#written[index]! += bytes;
    this.#total += bytes;
  }

  #note({ index }: Part): 0 {
    this.#noted[index] = this.#written[index] ?? 0;
    writeFully(this.#journal, new TextEncoder().encode(`${index} ${this.#written[index]}\n`));
    return 0;
  }

  /** Takes over what the journal says, or starts both files anew. */
  async #recover(content: PartialContent): Promise<void> {
    const { hash, size } = content;
    const often = Math.max(TOO_SMALL_TO_NOTE, Math.ceil((size ?? Infinity) / LEAST_NOTES));
    this.#every = Math.min(NOTED_EVERY, often);
    const [found = "", ...lines] = (await Deno.readTextFile(this.#journalPath)).split("\n");
    const whole = size !== undefined && await sizeOf(this.path) === size;
    const known = whole ? notedPartSize(found, content) : undefined;
    const partSize = known ?? content.partSize;
    this.parts = size === undefined
      ? [{ index: 0, start: 0, end: Infinity }]
      : partsOf(size, partSize);
    this.#written = this.parts.map(() => 0);
    // What follows the last line end is a line that a killed process did not finish.
    if (known !== undefined) this.#takeOver(lines.slice(0, -1));
    await this.#journal.truncate();
    writeFully(this.#journal, new TextEncoder().encode(`${hash} ${size} ${partSize}\n`));
    for (const part of this.parts) if (this.next(part) > part.start) this.#note(part);
    if (whole) return;
    await removeIfExists(this.path);
    const mode = unfinishedMode(content.mode);
    using file = await Deno.open(this.path, { write: true, createNew: true, mode });
    if (size !== undefined) await file.truncate(size);
  }

  #takeOver(lines: readonly string[]): void {
    for (const line of lines) {
      const [, index = -1, bytes = 0] = /^(\d+) (\d+)$/.exec(line)?.map(Number) ?? [];
      const part = this.parts[index];
      const more = part && part.start + bytes <= part.end
        ? part.start + bytes - this.next(part)
        : 0;
      if (part && more > 0) this.#count(part, more);
    }
  }
}

/** Parts may be smaller than they would be now, but not so small that their number is a burden. */
const SMALLEST_PART = 1024 * 1024;

/**
 * The size of the parts that a journal tells of; `undefined` when it is that of something else.
 * They stay as they were begun, whatever size they would have now.
 */
function notedPartSize(
  header: string,
  { hash, size, partSize }: PartialContent,
): number | undefined {
  const [, of, noted] = /^(.*) (\d+)$/.exec(header) ?? [];
  if (hash === undefined || of !== `${hash} ${size}`) return undefined;
  return Number(noted) >= Math.min(partSize, SMALLEST_PART) ? Number(noted) : undefined;
}

/**
 * Opens and locks a journal, or gives `undefined` when another process has it. A journal that was
 * removed between opening and locking would be found by nobody, so another one is opened then.
 */
async function lockedJournal(path: string): Promise<Deno.FsFile | undefined> {
  for (;;) {
    // Opening would follow a link to a file that is not ours, or wait for who reads a pipe.
    const found = await lstatIfExists(path);
    if (found !== undefined && !found.isFile) await Deno.remove(path);
    // Whoever receives a part adds lines as well.
    const file = openOrMake(path, { read: true, append: true });
    if (file === undefined) continue;
    const locked = await file.tryLock(true);
    if (locked && isNamed(file, path)) return file;
    file.close();
    if (!locked) return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const info = await lstatIfExists(path);
  return info?.isFile ? info.size : undefined;
}
