/** What the header of a file says of a tensor. @module */

/** Longer names of tensors are none: looking for words in one takes the square of its length. */
export const LONGEST_TENSOR_NAME = 1000;

/** A tensor, as the header of its file describes it. */
export interface TensorFact {
  /** Its name; it comes from outside. */
  readonly name: string;
  /** Type of its elements in the words of a Modelfile: `bfloat16`, `Q4_K`. */
  readonly type: string;
  /** Sizes, the outermost first. */
  readonly shape: readonly number[];
  /** Bytes that it takes; absent where the format does not tell. */
  readonly bytes?: number;
  /** Its first byte in the file; absent where it has no place in it. */
  readonly start?: number;
}
