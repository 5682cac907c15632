/**
 * Names that quantization tools give to the tensors of packed weights.
 * See https://hf.co/docs/transformers/quantization/overview
 * @module
 */

/** Names of tensors that hold several weights in one element, or the state that unpacks them. */
const PACKED =
  /(^|[._])(qweight|q_weight|weight_packed|scale_packed|weight_qdata|dense_weights|qzeros|absmax|quant_map|quant_state(\..+)?|W_q|Qidxs|trellis|bitmask|_data\._data|_packed)$|_blocks$/;

/** Ends of the names of tensors that scale, shift, order or describe others. */
const BOOKKEEPING =
  /(^|[._])(qzeros|g_idx|SCB|absmax|nested_absmax|quant_map|nested_quant_map|quant_state\..*|weight_format|weight_shape|weight_g_idx|(weight|input)_global_scale|(weight|input|output)_zero_point|weight_scales?|(weight_)?scale_inv|weight_scale_2|input_scale)$|(^|\.)((output|[kqv]|prob)_scale|input_scale_ub)$/;

/** Whether a tensor holds several weights in an element, or what unpacks such, by its name. */
export function isPacked(name: string): boolean {
  return PACKED.test(name);
}

/** Whether a tensor belongs to a quantization and holds no parameters, by its name. */
export function isBookkeeping(name: string): boolean {
  return BOOKKEEPING.test(name);
}
