/**
 * The tensors of one header, in columns: a model has a hundred thousand and more of them, and an
 * object for each takes three times as much.
 * @module
 */
import { LongList } from "../../../core/lists/long_list.ts";
import { collectInSeries } from "../../../core/runtime/garbage.ts";
import type { TensorFact } from "./tensor_fact.ts";

/** The most tensors that are kept, of a header and of all headers of a model together. */
export const MOST_TENSORS = 200_000;

/** The most memory that their names and shapes may take. Bytes. */
export const MOST_TENSOR_TEXT = 16 * 1024 * 1024;

/** Characters that take two bytes each, and all others of their text with them. */
const WIDE = /[^\0-\xff]/;

/** Tensors in the order of their header; of more than can be kept, how many they are. */
export class HeaderTensors extends LongList<TensorFact> {
  readonly #names: string[] = [];
  readonly #types: string[] = [];
  readonly #starts: number[] = [];
  readonly #bytes: number[] = [];
  /** The sizes of all shapes, one behind the other, and where each shape ends. */
  readonly #sizes: number[] = [];
  readonly #ends: number[] = [];
  #count = 0;
  #sum = 0;
  #text = 0;
  #isLeftOut = false;

  /** How many are kept: all, or none. */
  get length(): number {
    return this.#names.length;
  }

  /** How many the header has. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that they take together in the file; `undefined` where one does not tell. */
  get byteCount(): number | undefined {
    return Number.isNaN(this.#sum) ? undefined : this.#sum;
  }

  /** Bytes of memory that names and shapes take. */
  get text(): number {
    return this.#text;
  }

  /** Whether they are only counted. */
  get isLeftOut(): boolean {
    return this.#isLeftOut;
  }

  /** Adds one; behind the last that can be kept, none is. */
  add({ name, type, shape, bytes = NaN, start = NaN }: TensorFact): void {
    this.#count++;
    this.#sum += bytes;
    collectInSeries(this.#count);
    if (this.#isLeftOut) return;
    this.#text += textSize(name) + textSize(type) + 8 * shape.length;
    if (this.#count > MOST_TENSORS || this.#text > MOST_TENSOR_TEXT) return this.leaveOut();
    this.#names.push(name);
    this.#types.push(type);
    this.#bytes.push(bytes);
    this.#starts.push(start);
    for (const size of shape) this.#sizes.push(size);
    this.#ends.push(this.#sizes.length);
  }

  /** Forgets the tensors, but for how many they are. */
  leaveOut(): void {
    this.#isLeftOut = true;
    for (
      const column of [
        this.#names,
        this.#types,
        this.#starts,
        this.#bytes,
        this.#sizes,
        this.#ends,
      ]
    ) column.length = 0;
  }

  /** Moves all places in the file by so many bytes. */
  moveBy(bytes: number): void {
    for (const [index, start] of this.#starts.entries()) this.#starts[index] = start + bytes;
  }

  /** The tensor at an index below {@linkcode length}. */
  at(index: number): TensorFact {
    const [bytes, start] = [this.#bytes[index], this.#starts[index]];
    return {
      name: this.#names[index] ?? "",
      type: this.#types[index] ?? "",
      shape: this.#sizes.slice(this.#ends[index - 1] ?? 0, this.#ends[index]),
      ...isKnown(bytes) ? { bytes } : {},
      ...isKnown(start) ? { start } : {},
    };
  }

  /** The tensors in the order of their header. */
  *[Symbol.iterator](): Generator<TensorFact, void> {
    for (let index = 0; index < this.length; index++) {
      collectInSeries(index);
      yield this.at(index);
    }
  }

  /** The tensors by their places; those without elements begin where others do. */
  *inOrderOfPlaces(): Generator<TensorFact, void> {
    const [starts, bytes] = [this.#starts, this.#bytes];
    const order = Uint32Array.from({ length: this.length }, (_, index) => index);
    order.sort((a, b) => starts[a]! - starts[b]! || bytes[a]! - bytes[b]!);
    for (const index of order) yield this.at(index);
  }
}

function isKnown(number: number | undefined): boolean {
  return number !== undefined && !Number.isNaN(number);
}

function textSize(text: string): number {
  return WIDE.test(text) ? 2 * text.length : text.length;
}
