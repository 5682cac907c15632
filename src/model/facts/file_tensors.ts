/**
 * The tensors of a file as those of a model: with the path of the file, and in little memory, since
 * a model has a hundred thousand and more of them.
 * @module
 */
import type { FileTensor, TensorFact } from "./facts.ts";

/** Different shapes that are kept once: layers repeat some tens of them. */
const MOST_SHAPES = 1000;

/** Gives tensors the path of their file, and one list to all that have one shape. */
export class FileTensors {
  readonly #shapes = new Map<string, readonly number[]>();

  /** The tensors of a file; those that were given need not be kept. */
  of(file: string, tensors: readonly TensorFact[]): readonly FileTensor[] {
    return tensors.map(({ name, type, shape, bytes, start }) => (
      { name, type, shape: this.#shared(shape), bytes, start, file }
    ));
  }

  #shared(shape: readonly number[]): readonly number[] {
    const key = shape.join();
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    // Lists that grew have room for more.
    const exact = shape.slice();
    if (this.#shapes.size < MOST_SHAPES) this.#shapes.set(key, exact);
    return exact;
  }
}
