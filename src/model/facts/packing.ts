/**
 * How many parameters packed weights stand for: several of them lie in one element, and tensors
 * beside them unpack them. What says how wide they are is the configuration.
 * See https://hf.co/docs/transformers/quantization/overview
 * @module
 */
import { isRecord } from "../../core/json.ts";
import { quantizationsIn } from "./config_json.ts";
import type { TensorFact } from "./tensors/tensor_fact.ts";
import { isBookkeeping, isPacked } from "./headers/packed_names.ts";

/** Methods whose weights are codes: only they know how many parameters one stands for. */
const CODED = new Set([
  "aqlm",
  "exl2",
  "exl3",
  "higgs",
  "hqq",
  "quanto",
  "quip",
  "spqr",
  "torchao",
  "vptq",
]);

/** Forms of compressed tensors that leave weights out, or order them as a GPU wants them. */
const CODED_FORMAT = /marlin|sparse/;

/** Whether a configuration names a way to pack weights that nobody else can count. */
export function isCoded(config: Readonly<Record<string, unknown>>): boolean {
  return isRecord(config["quip_params"]) ||
    quantizationsIn(config).some((found) =>
      CODED.has(textAt(found, "quant_method")) || CODED_FORMAT.test(textAt(found, "format")) ||
      found["is_marlin_format"] === true
    );
}

/**
 * The parameters that tensors stand for; `undefined` where one is packed in a way that nobody has
 * said how wide it is.
 */
export function packedCount(
  config: Readonly<Record<string, unknown>>,
  tensors: Iterable<TensorFact>,
): number | undefined {
  if (isCoded(config)) return undefined;
  const types = new Map<string, string>();
  for (const { name, type } of tensors) types.set(name, type);
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

/** Types of what scales a block of weights of four bits; whole rows are scaled by others. */
const BLOCK_SCALES: ReadonlySet<string | undefined> = new Set([
  "uint8",
  "float8_e8m0",
  "float8_e4m3",
]);

/** Finds how many bits a weight of a module has. */
type Bits = (module: string) => number | undefined;

/** How many parameters are in an element of a tensor; none in one that unpacks others. */
function factorOf(
  { name, type }: TensorFact,
  types: ReadonlyMap<string, string>,
  bits: Bits,
): number | undefined {
  if (isBookkeeping(name)) return 0;
  const [, module = "", last = name] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  const beside = (other: string) => types.get(module === "" ? other : `${module}.${other}`);
  const scaled = (scale: string | undefined, second: string | undefined) => {
    if (second !== undefined || BLOCK_SCALES.has(scale)) return 2;
    return scale === undefined ? 1 : packed(type, bits(module));
  };
  switch (last) {
    case "qweight":
    case "weight_packed":
      return packed(type, bits(module));
    case "scales":
    case "biases":
      return beside("qweight") !== undefined || beside("weight") === "uint32" ? 0 : 1;
    case "weight":
      if (type === "uint32" && beside("scales")) return packed(type, bits(module));
      if (type !== "uint8") return 1;
      if (beside("weight.absmax")) return 2;
      return scaled(beside("weight_scale"), beside("weight_scale_2"));
    default:
      // Experts in one tensor have no name but that of their layer.
      if (type === "uint8" && beside(`${last}_weight_scale`)) {
        return scaled(beside(`${last}_weight_scale`), beside(`${last}_weight_scale_2`));
      }
      if (last.endsWith("_blocks")) return 2;
      if (isPacked(name)) return undefined;
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
  const all = quantizationsIn(config);
  const found = all.find((one) => wholeBits(one) !== undefined) ?? all[0] ?? {};
  const whole = wholeBits(found);
  return (module) => numberAt(valueAt(found, module), "bits") ?? whole;
}

/** The bits of weights that are not listed. */
function wholeBits(found: Readonly<Record<string, unknown>>): number | undefined {
  const groups = isRecord(found["config_groups"]) ? Object.values(found["config_groups"]) : [];
  return numberAt(found, "bits") ?? numberAt(found, "w_bit") ??
    groups.map((group) => numberAt(valueAt(group, "weights"), "num_bits"))
      .find((bits) => bits !== undefined) ??
    // Each weight of BitNet is -1, 0 or 1.
    (textAt(found, "quant_method") === "bitnet" ? 2 : undefined);
}

function valueAt(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function numberAt(value: unknown, key: string): number | undefined {
  const bits = valueAt(value, key);
  return typeof bits === "number" && bits >= 1 && bits <= 64 ? bits : undefined;
}

function textAt(value: Readonly<Record<string, unknown>>, key: string): string {
  const text = value[key];
  return typeof text === "string" ? text.toLowerCase() : "";
}
