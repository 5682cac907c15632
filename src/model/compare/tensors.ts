/**
 * Compares the tensors of two models: by the digests of their bytes where both are here, else by
 * what their headers say and whether the files around them are the same.
 * @module
 */
import { LongList } from "../../core/lists/long_list.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { collectInSeries } from "../../core/runtime/garbage.ts";
import { compareText } from "../../core/text.ts";
import { unreadWeights } from "../card/cut.ts";
import type { FileTensor } from "../facts/facts.ts";
import { bytesVerdicts } from "./bytes.ts";
import { type CardedModel, TensorPairs } from "./pairs.ts";
import type { TensorChange, TensorDiff, TensorVerdict } from "./shape.ts";

/** Compares tensors by their names. Those that are in several files of a model are told by both. */
export async function compareTensors(
  from: CardedModel,
  to: CardedModel,
  options: OperationOptions = {},
): Promise<TensorDiff> {
  const pairs = new TensorPairs(from, to);
  const bytesVerdict = await bytesVerdicts(from, to, pairs, options);
  const changed: number[] = [];
  const verdicts: TensorVerdict[] = [];
  for (let pair = 0; pair < pairs.length; pair++) {
    collectInSeries(pair);
    const verdict = pairs.headerVerdict(pair) ?? bytesVerdict(pair);
    if (verdict === "same") continue;
    changed.push(pair);
    verdicts.push(verdict);
  }
  const unread = [...new Set([from.card, to.card].flatMap(unreadWeights))].sort(compareText);
  return {
    same: pairs.length - changed.length,
    changes: new TensorChanges(pairs, changed, verdicts),
    unread,
    unlisted: [...from.card.unlisted, ...to.card.unlisted],
  };
}

/** What differs, in the order of the names. */
class TensorChanges extends LongList<TensorChange> {
  readonly #pairs: TensorPairs;
  readonly #changed: readonly number[];
  readonly #verdicts: readonly TensorVerdict[];

  constructor(
    pairs: TensorPairs,
    changed: readonly number[],
    verdicts: readonly TensorVerdict[],
  ) {
    super();
    this.#pairs = pairs;
    this.#changed = changed;
    this.#verdicts = verdicts;
  }

  get length(): number {
    return this.#changed.length;
  }

  at(index: number): TensorChange {
    const pair = this.#changed[index] ?? -1;
    const [a, b] = [this.#pairs.tensor("before", pair), this.#pairs.tensor("after", pair)];
    return {
      name: this.#pairs.nameOf(pair),
      verdict: this.#verdicts[index]!,
      from: a && formOf(a),
      to: b && formOf(b),
    };
  }

  *[Symbol.iterator](): Generator<TensorChange, void> {
    for (let index = 0; index < this.length; index++) {
      collectInSeries(index);
      yield this.at(index);
    }
  }
}

/** Type and shape in words. */
function formOf({ type, shape }: FileTensor): string {
  return `${type} ${shape.join("x") || "scalar"}`;
}
