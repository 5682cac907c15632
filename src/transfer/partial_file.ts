/**
 * A file that is written in parts, in any order, and can be gone on with after any exit.
 *
 * Beside `<name>.partial` a journal, `<name>.journal`, names the parts that are written. Its first line
 * says what the parts are parts of; a journal of anything else is started anew. The journal does not vouch
 * for the bytes: whoever finishes the file compares its digest. It is locked while somebody writes, and
 * the system drops the lock with its process.
 * @module
 */
import { lstatIfExists, removeIfExists, writeFully } from "../core/files.ts";
import { type Part, partsOf } from "./parts.ts";

/** What a partial file becomes. */
export interface PartialContent {
  /** SHA-256 of the whole, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Size of the whole in bytes. */
  readonly size: number;
  /** Size of a part in bytes. */
  readonly partSize: number;
}

/** A partial file that this process alone writes. */
export class PartialFile implements AsyncDisposable {
  /** The file with the bytes. */
  readonly path: string;
  /** All parts, in order. */
  readonly parts: readonly Part[];
  readonly #journalPath: string;
  readonly #journal: Deno.FsFile;
  readonly #done: Set<number>;
  #keep = true;

  private constructor(base: string, journal: Deno.FsFile, content: PartialContent) {
    this.path = `${base}.partial`;
    this.#journalPath = `${base}.journal`;
    this.#journal = journal;
    this.parts = partsOf(content.size, content.partSize);
    this.#done = new Set();
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

  /** Whether a part is written. */
  has(part: Part): boolean {
    return this.#done.has(part.index);
  }

  /** Bytes that are written. */
  get written(): number {
    return this.parts.filter((part) => this.has(part))
      .reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Writes the bytes of a part as they come, and notes it as written when they have ended. */
  async write(part: Part, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    using file = await Deno.open(this.path, { write: true });
    await file.seek(part.start, Deno.SeekMode.Start);
    for await (const chunk of chunks) writeFully(file, chunk);
    writeFully(this.#journal, new TextEncoder().encode(`${part.index}\n`));
    this.#done.add(part.index);
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

  /** Lets go of the file; what is written stays for the next time unless it is finished or discarded. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#keep || this.#done.size === 0) {
      await removeIfExists(this.path);
      await removeIfExists(this.#journalPath);
    }
    this.#journal.close();
  }

  /** Takes over what the journal says, or starts both files anew. */
  async #recover({ sha256, size, partSize }: PartialContent): Promise<void> {
    const header = `${sha256} ${size} ${partSize}`;
    const [found, ...lines] = (await Deno.readTextFile(this.#journalPath)).split("\n");
    const whole = await sizeOf(this.path) === size;
    if (found === header && whole) {
      // What follows the last line end is a line that a killed process did not finish.
      const written = new Set(lines.slice(0, -1).map(Number));
      for (const { index } of this.parts) if (written.has(index)) this.#done.add(index);
    }
    await this.#journal.truncate();
    await this.#journal.seek(0, Deno.SeekMode.Start);
    const text = [header, ...this.#done].map((line) => `${line}\n`).join("");
    writeFully(this.#journal, new TextEncoder().encode(text));
    if (whole) return;
    await removeIfExists(this.path);
    using file = await Deno.open(this.path, { write: true, createNew: true });
    await file.truncate(size);
  }
}

/**
 * Opens and locks a journal, or gives `undefined` when another process has it. A journal that was removed
 * between opening and locking is nobody's any more, so another one is opened then.
 */
async function lockedJournal(path: string): Promise<Deno.FsFile | undefined> {
  for (;;) {
    const file = await Deno.open(path, { create: true, read: true, write: true });
    const locked = await file.tryLock(true);
    const [held, named] = [await file.stat(), await lstatIfExists(path)];
    if (locked && named !== undefined && held.ino === named.ino) return file;
    file.close();
    if (!locked) return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const info = await lstatIfExists(path);
  return info?.isFile ? info.size : undefined;
}
