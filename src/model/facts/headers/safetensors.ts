/**
 * The header of a safetensors file: eight bytes with its length, then a JSON object of tensors.
 * See https://github.com/huggingface/safetensors#format
 * @module
 */
import { quote } from "../../../core/text.ts";
import { InvalidInputError } from "../../../core/errors.ts";
import { decodeJsonParts, isRecord } from "../../../core/json.ts";
import type { BlobSource } from "../../../core/content/source.ts";
import { addElements, countElements, dominantType, mergeElements } from "./elements.ts";
import { type SummedFacts, type WeightFacts } from "../facts.ts";
import { LONGEST_TENSOR_NAME, type TensorFact } from "../tensors/tensor_fact.ts";
import { HeaderTensors } from "../tensors/header_tensors.ts";
import { HeaderReader, type ReadHeaderOptions } from "./header_reader.ts";
import { isBookkeeping, isPacked } from "./packed_names.ts";

/**
 * Longest header that is read, of ninety thousand tensors. The format allows ten times as much,
 * whose names and numbers take more memory than facts are worth. Bytes.
 */
const LONGEST_HEADER = 10_000_000;

/**
 * Types of the format in the words of a Modelfile, and the bits of an element; another type keeps
 * its name in lower case.
 */
const TYPES: ReadonlyMap<string, readonly [type: string, bits: number]> = new Map([
  ["F64", ["float64", 64]],
  ["F32", ["float32", 32]],
  ["F16", ["float16", 16]],
  ["BF16", ["bfloat16", 16]],
  ["F8_E4M3", ["float8_e4m3", 8]],
  ["F8_E5M2", ["float8_e5m2", 8]],
  ["F8_E4M3FNUZ", ["float8_e4m3fnuz", 8]],
  ["F8_E5M2FNUZ", ["float8_e5m2fnuz", 8]],
  ["F8_E8M0", ["float8_e8m0", 8]],
  ["F6_E2M3", ["float6_e2m3", 6]],
  ["F6_E3M2", ["float6_e3m2", 6]],
  ["F4", ["float4_e2m1", 4]],
  ["C64", ["complex64", 64]],
  ["I64", ["int64", 64]],
  ["I32", ["int32", 32]],
  ["I16", ["int16", 16]],
  ["I8", ["int8", 8]],
  ["U64", ["uint64", 64]],
  ["U32", ["uint32", 32]],
  ["U16", ["uint16", 16]],
  ["U8", ["uint8", 8]],
  ["BOOL", ["bool", 8]],
]);

/** A tensor in a header. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly number[];
}

/**
 * Whether a value has the form of a tensor. By hand: the functions of forms, which say what is
 * wrong with a value, make three times as much garbage as parsing its text does.
 */
function isEntry(value: unknown): value is Entry {
  return isRecord(value) && typeof value["dtype"] === "string" && value["dtype"].length <= 32 &&
    isCounts(value["shape"], 64) && isCounts(value["data_offsets"], 2) &&
    value["data_offsets"].length === 2;
}

function isCounts(value: unknown, most: number): value is readonly number[] {
  return Array.isArray(value) && value.length <= most &&
    value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/**
 * Reads the header of a safetensors file.
 * @throws {InvalidInputError} when it is not one, or when its tensors do not fit into the file.
 */
export async function readSafetensors(
  source: BlobSource,
  options: ReadHeaderOptions = {},
): Promise<WeightFacts> {
  const what = quote(options.name ?? "safetensors header");
  const { signal, window = 8 } = options;
  const reader = new HeaderReader(source, { what, signal, window });
  const length = await reader.u64("little");
  if (length > LONGEST_HEADER) {
    throw reader.invalid(`its header of ${length} bytes is longer than ${LONGEST_HEADER}`);
  }
  const dataStart = reader.position + length;
  const context = { what, dataStart, dataSize: source.size - dataStart };
  const header = new Map<string, TensorFact>();
  for await (const part of decodeJsonParts(reader.chunks(length), what, { cut: 1 })) {
    addTensors(header, part, context);
  }
  return headerFacts(header, context);
}

/**
 * The facts of a model whose tensors are spread over several safetensors files.
 */
export function mergeSafetensors(shards: readonly SummedFacts[]): SummedFacts {
  const quantization = shards.find((shard) => shard.quantization)?.quantization;
  return factsOf(mergeElements(shards), {
    packed: shards.some(({ packed }) => packed),
    quantization,
  });
}

interface HeaderContext {
  readonly what: string;
  /** Where the bytes behind the header begin. */
  readonly dataStart: number;
  /** Bytes behind the header. */
  readonly dataSize: number;
}

/** The tensors of a header by their names. */
type Header = ReadonlyMap<string, TensorFact>;

/** Adds the tensors of a part of a header; of two of one name the later one counts. */
function addTensors(
  header: Map<string, TensorFact>,
  part: unknown,
  context: HeaderContext,
): void {
  if (!isRecord(part)) throw invalid(context, "its header is no JSON object");
  for (const [name, value] of Object.entries(part)) {
    if (name !== "__metadata__") header.set(name, checkTensor(name, value, context));
  }
}

function headerFacts(header: Header, context: HeaderContext): WeightFacts {
  const elements = new Map<string, number>();
  let packed = false;
  for (const [name, { type, shape }] of header) {
    if (isPacked(name) || isContainer(name, type, header)) packed = true;
    if (!isBookkeeping(name)) addElements(elements, type, countOf(shape));
  }
  const tensors = new HeaderTensors();
  for (const tensor of header.values()) tensors.add(tensor);
  if (!tensors.isLeftOut) checkPlaces(tensors, context);
  return { ...factsOf(elements, { packed, quantization: quantizationOf(header) }), tensors };
}

/** Types of elements that hold several weights, where tensors beside them scale what they hold. */
const CONTAINERS = new Set(["uint8", "uint16", "uint32", "uint64", "int32", "int64"]);

/** What the tensors that scale a weight end with, in place of `weight` or behind it. */
const SCALES = ["scales", "weight_scale", "weight_scales", "weight.scales", "weight_scale_2"];

/** Whether a tensor holds several weights in an element, as MLX, NVFP4 and Marlin pack them. */
function isContainer(name: string, type: string, header: Header): boolean {
  if (!CONTAINERS.has(type)) return false;
  if (name.endsWith(".B") && type === "int32") return header.has(name.replace(/B$/, "s"));
  const stem = /^(.*?)\.?weight$/.exec(name)?.[1];
  // Experts that lie in one tensor are named after their layer: `experts.down_proj_weight_scale`.
  if (stem === undefined) return header.has(`${name}_weight_scale`);
  return SCALES.some((end) => header.has(stem === "" ? end : `${stem}.${end}`));
}

function factsOf(
  elements: ReadonlyMap<string, number>,
  { packed, quantization }: Pick<WeightFacts, "quantization"> & { readonly packed: boolean },
): SummedFacts {
  return {
    format: "safetensors",
    elements,
    packed,
    quantization,
    // The type of packed weights is that of their container, which says nothing about the model.
    precision: packed ? undefined : dominantType(elements),
    paramCount: packed ? undefined : countElements(elements),
  };
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function checkTensor(name: string, value: unknown, context: HeaderContext): TensorFact {
  const shown = () => quote(name, 200);
  if (name.length > LONGEST_TENSOR_NAME) {
    throw invalid(context, `its tensor ${shown()} has a name of ${name.length} characters`);
  }
  if (!isEntry(value)) throw invalid(context, `its tensor ${shown()} is malformed`);
  const { dtype, shape, data_offsets: [start = 0, end = 0] } = value;
  if (start > end || end > context.dataSize) {
    throw invalid(context, `its tensor ${shown()} lies outside the file`);
  }
  const count = countOf(shape);
  const [type, bits] = TYPES.get(dtype) ?? [dtype.toLowerCase(), undefined];
  const bytes = end - start;
  // No type has elements of less than four bits, so more of them cannot be in so many bytes.
  if (bits === undefined ? !(count <= 2 * bytes) : count * bits !== 8 * bytes) {
    throw invalid(
      context,
      `its tensor ${shown()} of ${dtype} [${shape.join(", ")}] cannot be in ${bytes} bytes`,
    );
  }
  return { name, type, shape, start: context.dataStart + start, bytes };
}

/** The format has no bytes that belong to no tensor, and none that belong to two. */
function checkPlaces(tensors: HeaderTensors, context: HeaderContext): void {
  let end = context.dataStart;
  for (const { name, start = 0, bytes = 0 } of tensors.inOrderOfPlaces()) {
    if (start !== end) {
      const fault = start < end ? "overlaps another" : "has unused bytes in front of it";
      throw invalid(context, `its tensor ${quote(name, 200)} ${fault}`);
    }
    end += bytes;
  }
  const unused = context.dataStart + context.dataSize - end;
  if (unused > 0) throw invalid(context, `it has ${unused} bytes behind its last tensor`);
}

/** What bitsandbytes writes into the names of its tensors. */
function quantizationOf(header: Header): string | undefined {
  let state = "";
  for (const name of header.keys()) if (name.includes("bitsandbytes__")) state ||= name;
  const kind = /bitsandbytes__(nf4|fp4)$/.exec(state)?.[1];
  return kind === undefined ? undefined : `bitsandbytes-${kind}`;
}

function invalid({ what }: HeaderContext, found: string): InvalidInputError {
  return new InvalidInputError(`Cannot read ${what}: ${found}`);
}
