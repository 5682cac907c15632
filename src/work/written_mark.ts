/**
 * How far a file is written, in memory that threads share: whoever hashes the file follows behind.
 * @module
 */

/** The words of the memory. */
const WORD = { position: 0, writing: 1, ended: 2 } as const;

/** Size of the memory in bytes. */
const SIZE = 3 * BigInt64Array.BYTES_PER_ELEMENT;

/** What a mark says at one moment. */
export interface WrittenState {
  /** The end of the bytes that are written without a gap from the beginning of the file. */
  readonly position: number;
  /** Whether no more comes. */
  readonly ended: boolean;
  /** Another number when bytes before the position were written once more. */
  readonly writing: bigint;
}

/** Says how far a file is written. */
export class WrittenMark {
  /** The memory, for other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  /** A mark over memory that another thread made, or over new memory. */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(SIZE);
    this.#words = new BigInt64Array(this.memory);
  }

  /** What is true now. */
  get state(): WrittenState {
    const ended = Atomics.load(this.#words, WORD.ended) !== 0n;
    const position = Number(Atomics.load(this.#words, WORD.position));
    // Read last: the position counts only when the writing is the one that it was read for.
    return { position, ended, writing: Atomics.load(this.#words, WORD.writing) };
  }

  /**
   * Announces that bytes will be written from a position on. Those that are there already do not
   * count any more: they may come out different this time.
   */
  begin(position: number): void {
    const before = Number(Atomics.load(this.#words, WORD.position));
    // The position falls before the writing is another one, so that it is never too far for that.
    Atomics.store(this.#words, WORD.position, BigInt(position));
    if (position < before) Atomics.add(this.#words, WORD.writing, 1n);
  }

  /** Says how far it is. */
  reached(position: number): void {
    Atomics.store(this.#words, WORD.position, BigInt(position));
  }

  /** Says that no more comes. */
  end(): void {
    Atomics.store(this.#words, WORD.ended, 1n);
  }
}
