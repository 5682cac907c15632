/**
 * The tensors of a model: those of its headers, one behind the other, with a bound on all together.
 * @module
 */
import { LongList } from "../../../core/lists/long_list.ts";
import type { FileTensor, UnlistedFile } from "../facts.ts";
import { type HeaderTensors, MOST_TENSOR_TEXT, MOST_TENSORS } from "./header_tensors.ts";

/** Tensors after which no more headers are read; each takes ten microseconds. */
const MOST_COUNTED = 1_000_000;

/** How much of the tensors of a model is kept. */
export class TensorRoom {
  #tensors = MOST_TENSORS;
  #text = MOST_TENSOR_TEXT;
  #counted = 0;

  /** Whether so many were counted that nobody waits for more. */
  get isSpent(): boolean {
    return this.#counted >= MOST_COUNTED;
  }

  /** Keeps the tensors of a header where there is room for all of them, else leaves them out. */
  keep(tensors: HeaderTensors): void {
    this.#counted += tensors.count;
    if (tensors.length > this.#tensors || tensors.text > this.#text) tensors.leaveOut();
    if (tensors.isLeftOut) return;
    this.#tensors -= tensors.length;
    this.#text -= tensors.text;
  }
}

/** A file, and the tensors of its header. */
export interface TensorFile {
  readonly path: string;
  readonly tensors: HeaderTensors;
}

/** The tensors that are kept of a model, in the order of its files. */
export class ModelTensors extends LongList<FileTensor> {
  readonly length: number;
  readonly #files: readonly TensorFile[];
  /** How many tensors are before those of each file. */
  readonly #before: readonly number[];

  /** The tensors of these files. */
  constructor(files: readonly TensorFile[] = []) {
    super();
    this.#files = files.filter(({ tensors }) => tensors.length > 0);
    let length = 0;
    this.#before = this.#files.map(({ tensors }) => (length += tensors.length) - tensors.length);
    this.length = length;
  }

  /** The tensor at an index below {@linkcode length}. */
  at(index: number): FileTensor {
    const { path, tensors, before } = this.#placeOf(index);
    return { ...tensors.at(index - before), file: path };
  }

  /** The tensors in the order of the files. */
  *[Symbol.iterator](): Generator<FileTensor, void> {
    for (const { path, tensors } of this.#files) {
      for (const tensor of tensors) yield { ...tensor, file: path };
    }
  }

  #placeOf(index: number): TensorFile & { readonly before: number } {
    if (!(index >= 0 && index < this.length)) throw new RangeError(`there is no tensor ${index}`);
    let [low, high] = [0, this.#files.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#before[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return { ...this.#files[low]!, before: this.#before[low]! };
  }
}

/** Files whose tensors were counted, and are too many to be kept. */
export function leftOut(files: readonly TensorFile[]): readonly UnlistedFile[] {
  return files.filter(({ tensors }) => tensors.isLeftOut)
    .map(({ path, tensors }) => ({ file: path, tensorCount: tensors.count }));
}
