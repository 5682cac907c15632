/**
 * How many parameters packed weights stand for: several of them lie in one element, and tensors
 * beside them unpack them. What says how wide they are is the configuration.
 * See https://hf.co/docs/transformers/quantization/overview
 * @module
 */
import { isRecord } from "../../core/json.ts";
import type { TensorFact } from "./facts.ts";
import { isScale } from "./headers/safetensors.ts";

/** Where configurations say how weights are packed; those of the language model are in another. */
const PLACES = [
  ["quantization"],
  ["quantization_config"],
  ["text_config", "quantization"],
  ["text_config", "quantization_config"],
] as const;

/** Ends of the names of tensors that unpack others, and are no parameters. */
const UNPACKING =
  /(^|[._])(qzeros|g_idx|SCB|absmax|nested_absmax|quant_map|nested_quant_map|quant_state\..*|weight_format|weight_shape|weight_g_idx|(weight|input)_global_scale|(weight|input|output)_zero_point)$/;

/**
 * The parameters that tensors stand for; `undefined` where one is packed in a way that nobody has
 * said how wide it is.
 */
export function packedCount(
  config: Readonly<Record<string, unknown>>,
  tensors: readonly TensorFact[],
): number | undefined {
  const types = new Map(tensors.map(({ name, type }) => [name, type]));
  const bits = bitsOf(config);
  let sum = 0;
  for (const tensor of tensors) {
    const factor = factorOf(tensor, types, bits);
    if (factor === undefined) return undefined;
    sum += tensor.shape.reduce((product, size) => product * size, factor);
  }
  const count = Math.round(sum);
  return count > 0 && Number.isSafeInteger(count) ? count : undefined;
}

/** Finds how many bits a weight of a module has. */
type Bits = (module: string) => number | undefined;

/** How many parameters are in an element of a tensor; none in one that unpacks others. */
function factorOf(
  { name, type }: TensorFact,
  types: ReadonlyMap<string, string>,
  bits: Bits,
): number | undefined {
  if (isScale(name) || UNPACKING.test(name)) return 0;
  const [, module = "", last = name] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  const beside = (other: string) => types.get(module === "" ? other : `${module}.${other}`);
  switch (last) {
    case "qweight":
    case "weight_packed":
      return packed(type, bits(module));
    case "scales":
    case "biases":
      return beside("qweight") !== undefined || beside("weight") === "uint32" ? 0 : 1;
    case "weight":
      if (type === "uint32" && beside("scales")) return packed(type, bits(module));
      if (type === "uint8") return beside("weight_scale") || beside("weight.absmax") ? 2 : 1;
      return 1;
    case "W_q":
    case "q_weight":
      return undefined;
    default:
      if (last.endsWith("_blocks")) return 2;
      return last.endsWith("_scales") && beside(last.replace(/_scales$/, "_blocks")) ? 0 : 1;
  }
}

/** Parameters in an element of a type, at so many bits for each. */
function packed(type: string, bits: number | undefined): number | undefined {
  const width = Number(/^u?int(\d+)$/.exec(type)?.[1]);
  return bits === undefined || !(bits < width) ? undefined : width / bits;
}

/** The bits of weights by their modules: MLX lists those that differ from the rest. */
function bitsOf(config: Readonly<Record<string, unknown>>): Bits {
  const found = PLACES.map((keys) => keys.reduce<unknown>(valueAt, config)).find(isRecord) ?? {};
  const groups = isRecord(found["config_groups"]) ? Object.values(found["config_groups"]) : [];
  const whole = numberAt(found, "bits") ?? numberAt(found, "w_bit") ??
    groups.map((group) => numberAt(valueAt(group, "weights"), "num_bits"))
      .find((bits) => bits !== undefined);
  return (module) => numberAt(valueAt(found, module), "bits") ?? whole;
}

function valueAt(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function numberAt(value: unknown, key: string): number | undefined {
  const bits = valueAt(value, key);
  return typeof bits === "number" && bits >= 1 && bits <= 64 ? bits : undefined;
}
