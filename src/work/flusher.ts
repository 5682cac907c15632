/**
 * Files on their way to the disk.
 * @module
 */

/** Bytes after which what is written begins its way to the disk. */
const FLUSH_EVERY = 16 * 1024 * 1024;

/**
 * Sends a file to the disk while more of it is written, so that there is little left to wait for at
 * its end.
 */
export class Flusher implements AsyncDisposable {
  readonly #file: Pick<Deno.FsFile, "syncData">;
  #unflushed = 0;
  #flushing: Promise<void> | undefined;
  readonly #failures: unknown[] = [];

  /** Flushes an open file, which has to stay open until this is disposed of. */
  constructor(file: Pick<Deno.FsFile, "syncData">) {
    this.#file = file;
  }

  /** Tells how many more bytes are written. */
  wrote(bytes: number): void {
    this.#unflushed += bytes;
    if (this.#unflushed < FLUSH_EVERY || this.#flushing) return;
    this.#unflushed = 0;
    this.#flushing = this.#file.syncData()
      // A failure of the disk that nobody waits for yet would end the program.
      .catch((error) => void this.#failures.push(error))
      .finally(() => this.#flushing = undefined);
  }

  /** Waits for what is under way, and throws what the disk said of it. */
  async idle(): Promise<void> {
    await this.#flushing;
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Waits until the file may be closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing;
  }
}
