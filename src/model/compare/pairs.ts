/**
 * The tensors of two models in pairs, by their names.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { sortByText } from "../../core/text.ts";
import type { ModelCard } from "../card/shape.ts";
import type { FileTensor } from "../facts/facts.ts";
import type { ComparedModel, TensorVerdict } from "./shape.ts";

/** A model with its card. */
export type CardedModel = ComparedModel & { readonly card: ModelCard };

/** Tensors of one model by their pairs. */
export type Side = readonly (FileTensor | undefined)[];

/** The tensors of two models in pairs, in the order of their names. */
export class TensorPairs {
  /** The name of each pair. */
  readonly names: readonly string[];
  /** The tensors of the first model; those that it does not have are absent. */
  readonly before: Side;
  /** Those of the second. */
  readonly after: Side;
  readonly #digestsBefore: ReadonlyMap<string, Digest>;
  readonly #digestsAfter: ReadonlyMap<string, Digest>;

  /** Pairs the tensors that have one name. */
  constructor(from: CardedModel, to: CardedModel) {
    const [before, after] = [tensorsOf(from.card), tensorsOf(to.card)];
    const others = Array.from(after.keys()).filter((name) => !before.has(name));
    this.names = sortByText([...before.keys(), ...others], (name) => name);
    this.before = this.names.map((name) => before.get(name));
    this.after = this.names.map((name) => after.get(name));
    [this.#digestsBefore, this.#digestsAfter] = [fileDigests(from), fileDigests(to)];
  }

  /** What headers and the digests of files tell; `undefined` where the bytes decide. */
  headerVerdict(pair: number): TensorVerdict | "same" | undefined {
    const [a, b] = [this.before[pair], this.after[pair]];
    if (a === undefined) return "added";
    if (b === undefined) return "removed";
    if (a.shape.join() !== b.shape.join()) return "new shape";
    if (a.type !== b.type) return "new type";
    return this.#isSamePlace(a, b) ? "same" : undefined;
  }

  #isSamePlace(a: FileTensor, b: FileTensor): boolean {
    return a.start === b.start &&
      this.#digestsBefore.get(a.file) === this.#digestsAfter.get(b.file);
  }
}

/** The tensors of a model by name; one of several files has the name of its file before its own. */
function tensorsOf({ tensors }: ModelCard): ReadonlyMap<string, FileTensor> {
  const [seen, repeated] = [new Set<string>(), new Set<string>()];
  for (const { name } of tensors) (seen.has(name) ? repeated : seen).add(name);
  const named = new Map<string, FileTensor>();
  for (const tensor of tensors) {
    const { name, file } = tensor;
    named.set(repeated.has(name) ? `${file}: ${name}` : name, tensor);
  }
  return named;
}

function fileDigests({ card }: CardedModel): ReadonlyMap<string, Digest> {
  return new Map(card.files.map(({ path, digest }) => [path, digest]));
}
