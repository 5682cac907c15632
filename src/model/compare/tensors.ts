/**
 * Compares the tensors of two models: by the digests of their bytes where both are here, else by
 * what their headers say and whether the files around them are the same.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import { compareText } from "../../core/text.ts";
import type { FileTensor } from "../facts/facts.ts";
import { bytesVerdicts } from "./bytes.ts";
import { type CardedModel, TensorPairs } from "./pairs.ts";
import type { TensorChange, TensorDiff } from "./shape.ts";

/**
 * Compares tensors by their names. Those that are in several files of a model are told by both.
 * Models have a hundred thousand of them, so nothing but a digest of each and what differs is kept.
 */
export async function compareTensors(
  from: CardedModel,
  to: CardedModel,
  options: OperationOptions = {},
): Promise<TensorDiff> {
  const pairs = new TensorPairs(from, to);
  const bytesVerdict = await bytesVerdicts(from, to, pairs, options);
  const formOf = tensorForms();
  const changes: TensorChange[] = [];
  let same = 0;
  for (const [pair, name] of pairs.names.entries()) {
    const verdict = pairs.headerVerdict(pair) ?? bytesVerdict(pair);
    const [a, b] = [pairs.before[pair], pairs.after[pair]];
    if (verdict === "same") same++;
    else changes.push({ name, verdict, from: a && formOf(a), to: b && formOf(b) });
  }
  const unread = [...new Set([...from.card.unread, ...to.card.unread])].sort(compareText);
  return { same, changes, unread };
}

/** Types and shapes in words; tensors that are alike share theirs. */
function tensorForms(): (tensor: FileTensor) => string {
  const forms = new Map<string, string>();
  return ({ type, shape }) => {
    const form = `${type} ${shape.join("x") || "scalar"}`;
    const known = forms.get(form);
    if (known === undefined) forms.set(form, form);
    return known ?? form;
  };
}
