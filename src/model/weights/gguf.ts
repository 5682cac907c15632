/**
 * The header of a GGUF file: facts as keys and values, then the shape and type of each tensor.
 * See https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import type { BlobSource } from "../../core/source.ts";
import { quote } from "../../core/text.ts";
import {
  addElements,
  countElements,
  dominantType,
  mergeElements,
  type WeightFacts,
} from "./facts.ts";
import { GGUF_FILE_TYPES, GGUF_TENSOR_TYPES } from "./gguf_types.ts";
import { type ByteOrder, HeaderReader } from "./header_reader.ts";
import { parseParamSize } from "./param_size.ts";

/** Bounds of what a header may announce; real ones stay far below. */
const LIMITS = { pairs: 65_536, tensors: 1_000_000, texts: 4_000_000, dimensions: 8 } as const;

/** Longest text that is a fact; longer ones (chat templates) are passed over. Bytes. */
const LONGEST_FACT = 1024;

/** Sizes in bytes of the values that have one, by the number of their type. */
const VALUE_SIZES: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, -1, -1, 8, 8, 8];
const TEXT = 8;
const ARRAY = 9;
const U32 = 4;
const U64 = 10;

/** Architectures of the format that are no transformers. */
const OTHER_ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["mamba", "mamba"],
  ["mamba2", "mamba"],
  ["rwkv", "rwkv"],
  ["rwkv6", "rwkv"],
  ["rwkv6qwen2", "rwkv"],
  ["rwkv7", "rwkv"],
  ["arwkv7", "rwkv"],
]);

/** How numbers are written in one file. */
interface Encoding {
  readonly order: ByteOrder;
  /** Version 1 has counts of four bytes, later ones of eight. */
  readonly wide: boolean;
}

type Value = string | number | undefined;

/**
 * Reads the header of a GGUF file of version 1, 2 or 3, in either byte order.
 * @throws {InvalidInputError} when it is not one, or announces what it does not have.
 */
export async function readGguf(
  source: BlobSource,
  options: OperationOptions & { readonly name?: string } = {},
): Promise<WeightFacts> {
  const what = quote(options.name ?? "GGUF header");
  const reader = new HeaderReader(source, {
    what,
    signal: options.signal,
    window: 256 * 1024,
  });
  const encoding = await readEncoding(reader);
  const tensors = await readCount(reader, encoding, LIMITS.tensors, "tensors");
  const pairs = await readCount(reader, encoding, LIMITS.pairs, "keys");
  const values = await readValues(reader, pairs, encoding);
  const elements = new Map<string, number>();
  for (let index = 0; index < tensors; index++) await readTensor(reader, encoding, elements);
  return factsOf(elements, values);
}

/**
 * The facts of a model that is split over several GGUF files: the first that knows a fact tells it.
 */
export function mergeGguf(parts: readonly WeightFacts[]): WeightFacts {
  const elements = mergeElements(parts);
  const first = <Key extends keyof WeightFacts>(key: Key): WeightFacts[Key] | undefined =>
    parts.find((part) => part[key] !== undefined)?.[key];
  return {
    format: "gguf",
    elements,
    ...(parts.some(({ companion }) => companion) ? { companion: true } : {}),
    paramCount: countElements(elements) ?? first("paramCount"),
    precision: first("precision"),
    quantization: first("quantization"),
    architecture: first("architecture"),
    family: first("family"),
  };
}

async function readEncoding(reader: HeaderReader): Promise<Encoding> {
  const magic = new TextDecoder().decode(await reader.bytes(4));
  if (magic !== "GGUF") throw reader.invalid("it does not begin with GGUF");
  const bytes = (await reader.bytes(4)).slice();
  // Versions are small: the order that makes the number small is the order of the file.
  const order = bytes[0] === 0 ? "big" : "little";
  const version = new DataView(bytes.buffer).getUint32(0, order === "little");
  if (version < 1 || version > 3) throw reader.invalid(`its version is ${version}, want 1 to 3`);
  return { order, wide: version > 1 };
}

function readLength(reader: HeaderReader, { order, wide }: Encoding): Promise<number> {
  return wide ? reader.u64(order) : reader.u32(order);
}

async function readCount(
  reader: HeaderReader,
  encoding: Encoding,
  limit: number,
  of: string,
): Promise<number> {
  const count = await readLength(reader, encoding);
  if (count > limit) throw reader.invalid(`it announces ${count} ${of}, more than ${limit}`);
  return count;
}

async function readValues(
  reader: HeaderReader,
  pairs: number,
  encoding: Encoding,
): Promise<Map<string, Value>> {
  const values = new Map<string, Value>();
  let texts = 0;
  for (let index = 0; index < pairs; index++) {
    const key = await readText(reader, encoding);
    const type = await reader.u32(encoding.order);
    if (type === ARRAY) {
      texts += await skipArray(reader, encoding, LIMITS.texts - texts);
      continue;
    }
    const value = await readValue(reader, type, encoding);
    if (key?.startsWith("general.") && value !== undefined) values.set(key, value);
  }
  return values;
}

/** A text that may be a fact; a longer one is skipped. */
async function readText(reader: HeaderReader, encoding: Encoding): Promise<string | undefined> {
  const length = await readLength(reader, encoding);
  if (length <= LONGEST_FACT) return new TextDecoder().decode(await reader.bytes(length));
  reader.skip(length);
  return undefined;
}

async function readValue(reader: HeaderReader, type: number, encoding: Encoding): Promise<Value> {
  if (type === TEXT) return await readText(reader, encoding);
  const size = sizeOf(reader, type);
  if (type === U32) return await reader.u32(encoding.order);
  // A count of eight bytes that no number can hold is passed over.
  const bytes = await reader.bytes(size);
  if (type !== U64) return undefined;
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8)
    .getBigUint64(0, encoding.order === "little");
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}

/** Skips an array and returns how many texts it had. */
async function skipArray(reader: HeaderReader, encoding: Encoding, limit: number): Promise<number> {
  const type = await reader.u32(encoding.order);
  const count = await readLength(reader, encoding);
  if (type !== TEXT) {
    reader.skip(count * sizeOf(reader, type));
    return 0;
  }
  if (count > limit) throw reader.invalid(`it announces more than ${LIMITS.texts} texts`);
  for (let index = 0; index < count; index++) reader.skip(await readLength(reader, encoding));
  return count;
}

function sizeOf(reader: HeaderReader, type: number): number {
  const size = VALUE_SIZES[type];
  if (size === undefined || size < 0) throw reader.invalid(`it has a value of type ${type}`);
  return size;
}

async function readTensor(
  reader: HeaderReader,
  encoding: Encoding,
  elements: Map<string, number>,
): Promise<void> {
  await readText(reader, encoding);
  const dimensions = await reader.u32(encoding.order);
  if (dimensions > LIMITS.dimensions) {
    throw reader.invalid(`it has a tensor of ${dimensions} dimensions`);
  }
  let count = 1;
  for (let index = 0; index < dimensions; index++) count *= await readLength(reader, encoding);
  const type = await reader.u32(encoding.order);
  const offset = await reader.u64(encoding.order);
  // Types of one bit exist, so eight elements in a byte are the most a file can hold.
  if (offset > reader.left || !(count <= 8 * reader.left)) {
    throw reader.invalid("it has a tensor larger than the file");
  }
  addElements(elements, GGUF_TENSOR_TYPES.get(type) ?? `type-${type}`, count);
}

function factsOf(
  elements: ReadonlyMap<string, number>,
  values: ReadonlyMap<string, Value>,
): WeightFacts {
  const family = textOf(values.get("general.architecture"));
  return {
    format: "gguf",
    elements,
    ...(isCompanion(values) ? { companion: true } : {}),
    paramCount: countElements(elements) ?? announcedCount(values),
    ...weightType(elements, values),
    family,
    architecture: family === undefined
      ? undefined
      : OTHER_ARCHITECTURES.get(family) ?? "transformer",
  };
}

/** Whether a file says that it only goes with a model: projectors are of architecture `clip`. */
function isCompanion(values: ReadonlyMap<string, Value>): boolean {
  const type = values.get("general.type");
  const isOther = typeof type === "string" && type !== "" && type !== "model";
  return isOther || values.get("general.architecture") === "clip";
}

/** What the keys say about the count; parts of a split model may have no tensors of their own. */
function announcedCount(values: ReadonlyMap<string, Value>): number | undefined {
  const count = values.get("general.parameter_count");
  if (typeof count === "number" && count > 0) return count;
  const label = values.get("general.size_label");
  return typeof label === "string" ? parseParamSize(label) : undefined;
}

/** The precision of plain weights, or the quantization of others. */
function weightType(
  elements: ReadonlyMap<string, number>,
  values: ReadonlyMap<string, Value>,
): Pick<WeightFacts, "precision" | "quantization"> {
  const fileType = values.get("general.file_type");
  const known = typeof fileType === "number" ? GGUF_FILE_TYPES.get(fileType) : undefined;
  const type = known ?? dominantType(elements);
  if (type === undefined || type.startsWith("type-")) return {};
  return /^(float|bfloat|int)/.test(type) ? { precision: type } : { quantization: type };
}

function textOf(value: Value): string | undefined {
  return typeof value === "string" && /^[\w.-]+$/.test(value) ? value : undefined;
}
