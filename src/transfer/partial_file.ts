/**
 * A file that is written in parts, in any order, and can be gone on with after any exit.
 *
 * Beside `<name>.partial` a journal, `<name>.journal`, says how much of each part is written. Its
 * first line says what the parts are parts of; a journal of anything else is started anew. The
 * journal does not vouch for the bytes: whoever finishes the file compares its hash. It is locked
 * while somebody writes, and the system drops the lock with its process.
 * @module
 */
import { lstatIfExists, removeIfExists, writeFully } from "../core/files.ts";
import { type Part, partsOf } from "./parts.ts";

/** What a partial file becomes. */
export interface PartialContent {
  /** The promised hash. Without one, what an earlier process has written is not gone on with. */
  readonly hash?: string;
  /** Size of the whole in bytes; the content is one part without it. */
  readonly size?: number;
  /** Size of a part in bytes. */
  readonly partSize: number;
}

/** Bytes of a part after which the journal says how much of it is written. */
const NOTED_EVERY = 8 * 1024 * 1024;

/** A partial file that this process alone writes. */
export class PartialFile implements AsyncDisposable {
  /** The file with the bytes. */
  readonly path: string;
  /** All parts, in order; the only one of a content of unknown size has no end. */
  readonly parts: readonly Part[];
  readonly #journalPath: string;
  readonly #journal: Deno.FsFile;
  /** Bytes that are written of each part, from its start on. */
  readonly #written: number[];
  /** What the journal says of each part. */
  readonly #noted: number[] = [];
  #total = 0;
  #keep = true;

  private constructor(base: string, journal: Deno.FsFile, { size, partSize }: PartialContent) {
    this.path = `${base}.partial`;
    this.#journalPath = `${base}.journal`;
    this.#journal = journal;
    this.parts = size === undefined
      ? [{ index: 0, start: 0, end: Infinity }]
      : partsOf(size, partSize);
    this.#written = this.parts.map(() => 0);
  }

  /**
   * Opens the partial file of a name, with what an earlier process has written of the same content.
   * @returns `undefined` when another process is writing it.
   */
  static async open(base: string, content: PartialContent): Promise<PartialFile | undefined> {
    const journal = await lockedJournal(`${base}.journal`);
    if (journal === undefined) return undefined;
    try {
      const partial = new PartialFile(base, journal, content);
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
    using file = await Deno.open(this.path, { write: true });
    await file.seek(this.next(part), Deno.SeekMode.Start);
    let unnoted = 0;
    try {
      for await (const chunk of chunks) {
        writeFully(file, chunk);
        this.#count(part, chunk.byteLength);
        unnoted += chunk.byteLength;
        if (unnoted >= NOTED_EVERY) unnoted = this.#note(part);
      }
    } finally {
      if (unnoted > 0) this.#note(part);
    }
  }

  /** Counts what somebody else writes of a part, and notes now and then how far it got. */
  reached(part: Part, position: number): void {
    this.#count(part, Math.max(0, position - this.next(part)));
    if (this.#unnoted(part) >= NOTED_EVERY) this.#note(part);
  }

  /** Notes how far somebody else got with a part that is not written any more. */
  settle(part: Part): void {
    if (this.#unnoted(part) > 0) this.#note(part);
  }

  #unnoted({ index }: Part): number {
    return (this.#written[index] ?? 0) - (this.#noted[index] ?? 0);
  }

  /** Flushes the bytes and gives the file its final name. */
  async finish(path: string): Promise<void> {
    {
      using file = await Deno.open(this.path, { write: true });
      await file.sync();
    }
    await Deno.rename(this.path, path);
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
  async #recover({ hash, size, partSize }: PartialContent): Promise<void> {
    const header = `${hash} ${size} ${partSize}`;
    const [found, ...lines] = (await Deno.readTextFile(this.#journalPath)).split("\n");
    const whole = size !== undefined && await sizeOf(this.path) === size;
    // What follows the last line end is a line that a killed process did not finish.
    if (hash !== undefined && found === header && whole) this.#takeOver(lines.slice(0, -1));
    await this.#journal.truncate();
    await this.#journal.seek(0, Deno.SeekMode.Start);
    writeFully(this.#journal, new TextEncoder().encode(`${header}\n`));
    for (const part of this.parts) if (this.next(part) > part.start) this.#note(part);
    if (whole) return;
    await removeIfExists(this.path);
    using file = await Deno.open(this.path, { write: true, createNew: true });
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

/**
 * Opens and locks a journal, or gives `undefined` when another process has it. A journal that was
 * removed between opening and locking would be found by nobody, so another one is opened then.
 */
async function lockedJournal(path: string): Promise<Deno.FsFile | undefined> {
  for (;;) {
    // Opening would follow a link to a file that is not ours.
    if ((await lstatIfExists(path))?.isSymlink) await removeIfExists(path);
    const file = await Deno.open(path, { create: true, read: true, write: true });
    const locked = await file.tryLock(true);
    const [opened, named] = [await file.stat(), await lstatIfExists(path)];
    if (locked && named !== undefined && opened.ino === named.ino) return file;
    file.close();
    if (!locked) return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const info = await lstatIfExists(path);
  return info?.isFile ? info.size : undefined;
}
