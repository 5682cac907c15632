/**
 * What the header of a model file can tell.
 * @module
 */

/** Facts about a model, in the words of a Modelfile; what is not known is absent. */
export interface HeaderFacts {
  /** Format of the weights, such as `safetensors`. */
  readonly format?: string;
  /** Parameters, as a count. */
  readonly paramCount?: number;
  /** Type of most of the weights, such as `bfloat16`. */
  readonly precision?: string;
  /** How the weights are quantized, such as `Q4_K_M`. */
  readonly quantization?: string;
  /** Architecture, such as `transformer`. */
  readonly architecture?: string;
  /** Family of models, such as `llama`. */
  readonly family?: string;
}

/** The facts of one file of weights, in a form in which the files of one model can be added up. */
export interface WeightFacts extends HeaderFacts {
  /** Elements of the tensors in this file, by their type. */
  readonly elements: ReadonlyMap<string, number>;
  /** It is no model of its own: a projector, an adapter, what guesses ahead. */
  readonly companion?: boolean;
  /** The elements are not parameters: several of them are packed into one, or they are scales. */
  readonly packed?: boolean;
}

/** Adds elements of a type to a tally. */
export function addElements(tally: Map<string, number>, type: string, count: number): void {
  tally.set(type, (tally.get(type) ?? 0) + count);
}

/** The type that most elements have, `undefined` when there are none. */
export function dominantType(elements: ReadonlyMap<string, number>): string | undefined {
  let dominant: string | undefined;
  let most = 0;
  for (const [type, count] of elements) {
    if (count <= most) continue;
    dominant = type;
    most = count;
  }
  return dominant;
}

/** All elements together; `undefined` when there are none, or too many to be counted exactly. */
export function countElements(elements: ReadonlyMap<string, number>): number | undefined {
  let sum = 0;
  for (const count of elements.values()) sum += count;
  return sum > 0 && Number.isSafeInteger(sum) ? sum : undefined;
}

/** The elements of several files, added up by type. */
export function mergeElements(parts: readonly WeightFacts[]): Map<string, number> {
  const elements = new Map<string, number>();
  for (const part of parts) {
    for (const [type, count] of part.elements) addElements(elements, type, count);
  }
  return elements;
}
