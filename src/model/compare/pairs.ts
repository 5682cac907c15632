/**
 * The tensors of two models in pairs, by their names.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { LongList } from "../../core/lists/long_list.ts";
import { collectInSeries } from "../../core/runtime/garbage.ts";
import { compareText, textOrder } from "../../core/text.ts";
import { areTensorsCut } from "../card/cut.ts";
import type { ModelCard } from "../card/shape.ts";
import type { FileTensor } from "../facts/facts.ts";
import type { ComparedModel, TensorVerdict } from "./shape.ts";

/** A model with its card. */
export type CardedModel = ComparedModel & { readonly card: ModelCard };

/** One of two models. */
export type SideName = "before" | "after";

/** No tensor of a model is at this index. */
const NONE = -1;

/**
 * The tensors of two models in pairs, in the order of their names. Models have a hundred thousand
 * of them: a pair is two numbers.
 */
export class TensorPairs {
  /** How many pairs there are. */
  readonly length: number;
  readonly #tensors: Readonly<Record<SideName, LongList<FileTensor>>>;
  readonly #indexes: Readonly<Record<SideName, Int32Array>>;
  readonly #digests: Readonly<Record<SideName, ReadonlyMap<string, Digest>>>;
  /** Whether a model has tensors that nobody read: what is not listed may be there. */
  readonly #isCut: Readonly<Record<SideName, boolean>>;

  /** Pairs the tensors that have one name; of one that is in several files, those of one file. */
  constructor(from: CardedModel, to: CardedModel) {
    this.#tensors = { before: from.card.tensors, after: to.card.tensors };
    this.#digests = { before: fileDigests(from), after: fileDigests(to) };
    this.#isCut = { before: areTensorsCut(from.card), after: areTensorsCut(to.card) };
    const { before, after, length } = paired(this.#tensors.before, this.#tensors.after);
    this.#indexes = { before, after };
    this.length = length;
  }

  /** The tensor of a pair in one model; `undefined` where it has none. */
  tensor(side: SideName, pair: number): FileTensor | undefined {
    const index = this.#indexes[side][pair] ?? NONE;
    return index === NONE ? undefined : this.#tensors[side].at(index);
  }

  /** What headers and the digests of files tell; `undefined` where the bytes decide. */
  headerVerdict(pair: number): TensorVerdict | "same" | undefined {
    const [a, b] = [this.tensor("before", pair), this.tensor("after", pair)];
    if (a === undefined) return this.#oneSided(b, "before") ?? "added";
    if (b === undefined) return this.#oneSided(a, "after") ?? "removed";
    if (a.shape.join() !== b.shape.join()) return "new shape";
    if (a.type !== b.type) return "new type";
    return this.#isSamePlace(a, b) ? "same" : undefined;
  }

  /** The name of a pair; one of a tensor in several files has the name of the file before it. */
  nameOf(pair: number): string {
    const { name = "", file = "" } = this.tensor("before", pair) ?? this.tensor("after", pair) ??
      {};
    return this.#isRepeated(pair, name) ? `${file}: ${name}` : name;
  }

  /** Whether a pair beside this one has the same name: then their files tell them apart. */
  #isRepeated(pair: number, name: string): boolean {
    return [pair - 1, pair + 1].some((other) =>
      (this.tensor("before", other) ?? this.tensor("after", other))?.name === name
    );
  }

  /** What is known of a tensor that the other model does not list, where that was not all read. */
  #oneSided(tensor: FileTensor | undefined, other: SideName): "same" | "unknown" | undefined {
    if (!this.#isCut[other] || tensor === undefined) return undefined;
    return this.#isSameFile(tensor.file, tensor.file) ? "same" : "unknown";
  }

  #isSamePlace(a: FileTensor, b: FileTensor): boolean {
    return a.start === b.start && this.#isSameFile(a.file, b.file);
  }

  #isSameFile(before: string, after: string): boolean {
    return this.#digests.before.get(before) === this.#digests.after.get(after);
  }
}

/** The indexes of tensors in pairs; those that one model does not have are {@linkcode NONE}. */
function paired(from: LongList<FileTensor>, to: LongList<FileTensor>) {
  const names = [from, to].map(namesOf);
  const compare = textOrder(names);
  const [a, b] = [from, to].map((list, side) => new SortedTensors(list, names[side]!, compare));
  const [before, after] = [from, to].map(() => new Int32Array(from.length + to.length).fill(NONE));
  let [left, right, length] = [0, 0, 0];
  while (left < from.length || right < to.length) {
    const order = a!.compare(left, b!, right);
    if (order <= 0) before![length] = a!.order[left++]!;
    if (order >= 0) after![length] = b!.order[right++]!;
    length++;
  }
  return { before: before!, after: after!, length };
}

function namesOf(tensors: LongList<FileTensor>): readonly string[] {
  const names: string[] = [];
  for (const { name } of tensors) collectInSeries(names.push(name));
  return names;
}

/** The tensors of a model in the order of their names, and those of one name by their files. */
class SortedTensors {
  readonly order: Uint32Array;
  readonly #tensors: LongList<FileTensor>;
  readonly #names: readonly string[];
  readonly #compare: (a: string, b: string) => number;

  constructor(
    tensors: LongList<FileTensor>,
    names: readonly string[],
    compare: (a: string, b: string) => number,
  ) {
    this.#tensors = tensors;
    this.#names = names;
    this.#compare = compare;
    this.order = Uint32Array.from({ length: names.length }, (_, index) => index);
    this.order.sort((a, b) =>
      compare(names[a]!, names[b]!) || compareText(tensors.at(a).file, tensors.at(b).file) || a - b
    );
  }

  /** How the tensor at a place compares with one of another model; behind the end is behind all. */
  compare(place: number, other: SortedTensors, otherPlace: number): number {
    const [name, otherName] = [this.#nameAt(place), other.#nameAt(otherPlace)];
    if (name === undefined || otherName === undefined) return name === undefined ? 1 : -1;
    return this.#compare(name, otherName) ||
      compareText(this.#fileAt(place, name), other.#fileAt(otherPlace, otherName));
  }

  #nameAt(place: number): string | undefined {
    const index = this.order[place];
    return index === undefined ? undefined : this.#names[index];
  }

  /** The file of a tensor where others have its name; else it does not matter. */
  #fileAt(place: number, name: string): string {
    const isOne = this.#nameAt(place - 1) !== name && this.#nameAt(place + 1) !== name;
    return isOne ? "" : this.#tensors.at(this.order[place]!).file;
  }
}

function fileDigests({ card }: CardedModel): ReadonlyMap<string, Digest> {
  return new Map(card.files.map(({ path, digest }) => [path, digest]));
}
