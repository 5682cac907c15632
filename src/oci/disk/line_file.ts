/**
 * A file of lines that is read piece by piece, and in which a line is found again by its place.
 * @module
 */
import { lstatIfExistsSync } from "../../core/files.ts";

/** Where a line is in its file, in bytes, its break not counted. */
export interface Place {
  readonly at: number;
  readonly size: number;
}

/** A line: its text, absent where it is too long to be one of ours, and its place. */
export interface Line extends Place {
  readonly text?: string;
}

/** Bytes that are read at once. */
const PIECE = 256 * 1024;

const BREAK = 0x0a;

/** A file of lines, open for reading. */
export class LineFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #longest: number;

  private constructor(file: Deno.FsFile, longest: number) {
    this.#file = file;
    this.#longest = longest;
  }

  /**
   * Opens a file with lines of at most `longest` bytes, which is less than is read at once;
   * `undefined` when there is no such file.
   */
  static open(path: string, longest: number): LineFile | undefined {
    // Opening a pipe may wait for ever, and a link leads to what is not ours.
    if (!lstatIfExistsSync(path)?.isFile) return undefined;
    return new LineFile(Deno.openSync(path, { read: true }), longest);
  }

  /** What tells whether somebody wrote to the file. */
  facts(): Pick<Deno.FileInfo, "size" | "mtime" | "ino"> {
    return this.#file.statSync();
  }

  /** The lines from one byte up to another, empty ones left out. Nobody else reads meanwhile. */
  *lines(start: number, end: number): Generator<Line, void> {
    this.#file.seekSync(start, Deno.SeekMode.Start);
    const buffer = new Uint8Array(Math.min(PIECE, end - start + 1));
    let [begin, held, cut] = [start, 0, 0];
    while (begin + held < end) {
      const room = buffer.subarray(held, Math.min(buffer.byteLength, end - begin));
      const count = this.#file.readSync(room) ?? 0;
      if (count === 0) break;
      held += count;
      let from = 0;
      for (let end; (end = buffer.subarray(0, held).indexOf(BREAK, from)) >= 0; from = end + 1) {
        yield* this.#line(buffer.subarray(from, end), begin + from, cut);
        cut = 0;
      }
      if (from === 0 && held === buffer.byteLength) {
        // Nothing of ours is as long: only its end is looked for.
        cut += held;
        from = held;
      }
      buffer.copyWithin(0, from, held);
      begin += from;
      held -= from;
    }
    yield* this.#line(buffer.subarray(0, held), begin, cut);
  }

  /** The text of the line at a place; what is there now, where somebody wrote to the file. */
  read({ at, size }: Place): string {
    const bytes = new Uint8Array(size);
    this.#file.seekSync(at, Deno.SeekMode.Start);
    const count = this.#file.readSync(bytes) ?? 0;
    return this.#decoder.decode(bytes.subarray(0, count));
  }

  *#line(bytes: Uint8Array, at: number, cut: number): Generator<Line, void> {
    const size = cut + bytes.byteLength;
    if (size === 0) return;
    const isLong = size > this.#longest;
    yield { at: at - cut, size, text: isLong ? undefined : this.#decoder.decode(bytes) };
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
