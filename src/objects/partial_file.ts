/**
 * A file that is written in parts, in any order, and can be gone on with after any exit.
 *
 * Beside `<name>.partial` a journal, `<name>.journal`, names the parts that are written. Its first line
 * says what the parts are parts of; a journal of anything else is started anew. The journal does not vouch
 * for the bytes: whoever finishes the file compares its digest. It is locked while somebody writes, and
 * the system drops the lock with its process.
 * @module
 */
import { removeIfExists, writeFully } from "../core/files.ts";
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

  /** Throws away what is written: disposing removes the files. */
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
      // A last line that a killed process cut short is followed by no line end, so it is left out.
      for (const line of lines.slice(0, -1)) this.#done.add(Number(line));
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

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const info = await Deno.lstat(path);
    return info.isFile ? info.size : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
