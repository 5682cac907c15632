/**
 * Parameters of experts: where a part of them works on each token, fewer work than the model has.
 * @module
 */
import { madeItems } from "../../core/lists/long_list.ts";
import type { ModelShape } from "./facts.ts";
import type { TensorFact } from "./tensors/tensor_fact.ts";
import { isBookkeeping } from "./headers/packed_names.ts";
import type { CountParameters } from "./join_weights.ts";

/**
 * Names of tensors of experts that are chosen among: `mlp.experts.3.up_proj.weight`, or all in one
 * as `mlp.experts.gate_up_proj`, MLX's `switch_mlp.up_proj.weight`, GGUF's `ffn_up_exps.weight`.
 * Those that work on all tokens are `shared_experts` and `ffn_up_shexp`.
 */
const EXPERT = /(^|\.)(experts|switch_mlp)\.|_exps\./;

/**
 * The parameters that work on each token; `undefined` where all do, or where nobody knows how many
 * experts there are.
 */
export function activeParamCount(
  paramCount: number | undefined,
  { experts, expertsPerToken }: ModelShape,
  tensors: Iterable<TensorFact>,
  count: CountParameters = plainCount,
): number | undefined {
  if (paramCount === undefined || experts === undefined || expertsPerToken === undefined) {
    return undefined;
  }
  if (expertsPerToken >= experts) return undefined;
  const idle = count(madeItems(() => expertsAmong(tensors)));
  if (idle === undefined || idle === 0 || idle > paramCount) return undefined;
  return Math.round(paramCount - idle * (1 - expertsPerToken / experts));
}

function* expertsAmong(tensors: Iterable<TensorFact>): Generator<TensorFact, void> {
  for (const tensor of tensors) if (EXPERT.test(tensor.name)) yield tensor;
}

/** The elements of tensors, but for those that belong to a quantization. */
function plainCount(tensors: Iterable<TensorFact>): number {
  let sum = 0;
  for (const { name, shape } of tensors) {
    if (!isBookkeeping(name)) sum += shape.reduce((product, size) => product * size, 1);
  }
  return sum;
}
