/** Model files made by hand, byte by byte, and a source that watches what is read. @module */
import assert from "node:assert/strict";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { type BlobSource, bytesSource, rangeBounds } from "../../../src/core/content/source.ts";
import { concatBytes } from "../../../src/core/streams.ts";
import { GGUF_TENSOR_TYPES, ggufBytes } from "../../../src/model/facts/headers/gguf_types.ts";

const text = new TextEncoder();

/** A source that counts the bytes it hands out. */
export function watchedSource(
  bytes: Uint8Array,
): BlobSource & { readonly bytesRead: () => number } {
  const source = bytesSource(bytes);
  let read = 0;
  return {
    size: source.size,
    bytesRead: () => read,
    open(options = {}) {
      const { start, end } = rangeBounds(options.range, source.size);
      read += end - start;
      return source.open(options);
    },
  };
}

/** A source that claims a size and has zeros behind its first bytes, without holding them. */
export function sparseSource(head: Uint8Array, size: number): BlobSource {
  return {
    size,
    open(options = {}) {
      const { start, end } = rangeBounds(options.range, size);
      const bytes = new Uint8Array(end - start);
      if (start < head.length) bytes.set(head.subarray(start, end));
      return bytesSource(bytes).open();
    },
  };
}

/** Runs a parser on bytes: it either gives facts or throws `InvalidInputError`. */
export async function toleratesBytes(
  parse: (source: BlobSource) => Promise<unknown>,
  bytes: Uint8Array,
): Promise<void> {
  try {
    await parse(bytesSource(bytes));
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
  }
}

/** A tensor of a safetensors file. */
export interface SafeTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes of an element. */
  readonly width: number;
}

/** A safetensors file with zeros for weights. */
export function safetensors(
  tensors: Readonly<Record<string, SafeTensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, width }]) => {
    const start = offset;
    offset += shape.reduce((product, size) => product * size, width);
    return [name, { dtype, shape, data_offsets: [start, offset] }];
  });
  const header = metadata === undefined ? entries : [["__metadata__", metadata], ...entries];
  return safetensorsOf(JSON.stringify(Object.fromEntries(header)), offset);
}

/** A safetensors file with this header and so many bytes behind it. */
export function safetensorsOf(header: string, dataSize: number): Uint8Array {
  const bytes = text.encode(header);
  return concatBytes([number(bytes.length, 8), bytes, new Uint8Array(dataSize)]);
}

/** How to write a GGUF file. */
export interface GgufForm {
  readonly version?: number;
  readonly bigEndian?: boolean;
}

/** A value of a GGUF file with its type. */
export type GgufValue =
  | { readonly text: string }
  | { readonly u32: number }
  | { readonly u64: number }
  | { readonly u16: number }
  | { readonly i32: number }
  | { readonly bool: boolean }
  | { readonly texts: readonly string[] }
  | { readonly floats: number };

/** A tensor of a GGUF file. */
export interface GgufTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  /** Where it begins behind the header; behind the one before when absent. */
  readonly place?: number;
}

/** A GGUF file with zeros for weights: as many as they are, or `dataSize` of them. */
export function gguf(
  values: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
  { version = 3, bigEndian = false, dataSize }: GgufForm & { dataSize?: number } = {},
): Uint8Array {
  const big = bigEndian;
  const wide = version > 1 ? 8 : 4;
  const str = (value: string) => {
    const bytes = text.encode(value);
    return [number(bytes.length, wide, big), bytes];
  };
  const pairs = Object.entries(values).flatMap(([key, value]) => [
    ...str(key),
    ...ggufValue(value, { wide, big, str }),
  ]);
  const { alignment, places, size } = placed(tensors, values);
  const infos = tensors.flatMap(({ name, shape, type }, index) => [
    ...str(name),
    number(shape.length, 4, big),
    ...shape.map((size) => number(size, wide, big)),
    number(type, 4, big),
    number(places[index] ?? 0, 8, big),
  ]);
  const head = concatBytes([
    text.encode("GGUF"),
    number(version, 4, big),
    number(tensors.length, wide, big),
    number(Object.keys(values).length, wide, big),
    ...pairs,
    ...infos,
  ]);
  const padding = tensors.length === 0 ? 0 : -head.byteLength & (alignment - 1);
  return concatBytes([head, new Uint8Array(dataSize === undefined ? padding + size : dataSize)]);
}

/** Where tensors begin behind the header, one behind the other, and how long they are together. */
function placed(
  tensors: readonly GgufTensor[],
  values: Readonly<Record<string, GgufValue>>,
): { readonly alignment: number; readonly places: readonly number[]; readonly size: number } {
  const told = values["general.alignment"];
  const alignment = told !== undefined && "u32" in told ? told.u32 || 1 : 32;
  const places: number[] = [];
  let size = 0;
  for (const { shape, type, place } of tensors) {
    size = place ?? Math.ceil(size / alignment) * alignment;
    places.push(size);
    const elements = shape.reduce((product, length) => product * length, 1);
    size += ggufBytes(GGUF_TENSOR_TYPES.get(type) ?? "", elements) ?? 0;
  }
  return { alignment, places, size };
}

function ggufValue(
  value: GgufValue,
  { wide, big, str }: { wide: number; big: boolean; str: (value: string) => Uint8Array[] },
): Uint8Array[] {
  if ("text" in value) return [number(8, 4, big), ...str(value.text)];
  if ("u32" in value) return [number(4, 4, big), number(value.u32, 4, big)];
  if ("u16" in value) return [number(2, 4, big), number(value.u16, 2, big)];
  if ("i32" in value) return [number(5, 4, big), number(value.i32, 4, big)];
  if ("bool" in value) return [number(7, 4, big), number(Number(value.bool), 1)];
  if ("u64" in value) return [number(10, 4, big), number(value.u64, 8, big)];
  if ("texts" in value) {
    const head = [number(9, 4, big), number(8, 4, big), number(value.texts.length, wide, big)];
    return [...head, ...value.texts.flatMap(str)];
  }
  const head = [number(9, 4, big), number(6, 4, big), number(value.floats, wide, big)];
  return [...head, new Uint8Array(value.floats * 4)];
}

/** A field of a protocol buffer: a number, or content with a length. */
export function field(id: number, value: number | Uint8Array | string): Uint8Array {
  if (typeof value === "number") return concatBytes([varint(id * 8), varint(value)]);
  const bytes = typeof value === "string" ? text.encode(value) : value;
  return concatBytes([varint(id * 8 + 2), varint(bytes.length), bytes]);
}

/** A tensor of an ONNX model, with its bytes in the file unless they are external. */
export function onnxTensor(type: number, shape: readonly number[], dataSize = 0): Uint8Array {
  const external = field(13, concatBytes([field(1, "location"), field(2, "model.onnx_data")]));
  return concatBytes([
    ...shape.map((size) => field(1, size)),
    field(2, type),
    field(8, "weight"),
    ...(dataSize > 0 ? [field(9, new Uint8Array(dataSize))] : [external, field(14, 1)]),
  ]);
}

/** An ONNX model with these graph fields. */
export function onnx(...graph: Uint8Array[]): Uint8Array {
  return concatBytes([
    field(1, 8),
    field(2, "test"),
    field(7, concatBytes([...graph, field(2, "graph")])),
    field(8, field(2, 17)),
  ]);
}

/** A number in so many bytes. */
export function number(value: number, size: number, big = false): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), !big);
  return big ? bytes.slice(8 - size) : bytes.slice(0, size);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Uint8Array.from([...bytes, left]);
}
