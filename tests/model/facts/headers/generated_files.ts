/** Files of weights with any content that their formats allow. @module */
import fc from "fast-check";
import { concatBytes } from "../../../../src/core/streams.ts";
import { GGUF_TENSOR_TYPES, ggufBytes } from "../../../../src/model/facts/headers/gguf_types.ts";
import { gguf, type GgufValue, number } from "../support.ts";

/** Bits of an element, by the types of safetensors. */
const BITS = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  F8_E4M3: 8,
  F8_E5M2: 8,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
} as const;

const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 24 })
  .filter((text) => text !== "__metadata__");

const safeTensor = fc.record({
  name,
  dtype: fc.constantFrom(...Object.keys(BITS) as (keyof typeof BITS)[]),
  shape: fc.array(fc.nat(5), { maxLength: 4 }),
});

/** Bytes that differ from place to place. */
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7) & 255);
}

const product = (shape: readonly number[]) => shape.reduce((all, size) => all * size, 1);

/** Safetensors files whose header has the tensors in another order than the bytes. */
export const safetensorsFile: fc.Arbitrary<Uint8Array> = fc.record({
  tensors: fc.uniqueArray(safeTensor, { maxLength: 8, selector: ({ name }) => name }),
  order: fc.infiniteStream(fc.nat()),
  padding: fc.nat(16),
  metadata: fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
}).map(({ tensors, order, padding, metadata }) => {
  let end = 0;
  const placed = tensors.map(({ name, dtype, shape }) => {
    const start = end;
    end += product(shape) * BITS[dtype] / 8;
    return [name, { dtype, shape, data_offsets: [start, end] }] as const;
  });
  const shuffled = placed.map((entry) => [order.next().value, entry] as const)
    .sort(([a], [b]) => a - b).map(([, entry]) => entry);
  const entries = metadata === undefined ? shuffled : [["__metadata__", metadata], ...shuffled];
  const header = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries(entries as [string, unknown][])) + " ".repeat(padding),
  );
  return concatBytes([number(header.length, 8), header, noise(end)]);
});

/** How many elements a block of a type has. */
function blockOf(type: string): number {
  const one = ggufBytes(type, 1);
  let elements = 1;
  while (ggufBytes(type, elements + 1) === one) elements++;
  return elements;
}

const ggufTensor = fc.record({
  name,
  type: fc.constantFrom(...GGUF_TENSOR_TYPES.keys()),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
}).map(({ name, type, shape: [first = 1, ...others] }) => ({
  name,
  type,
  shape: [first * blockOf(GGUF_TENSOR_TYPES.get(type) ?? ""), ...others],
}));

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,11}$/);
const count = fc.integer({ min: 1, max: 2 ** 31 - 1 });

const anyValue: fc.Arbitrary<GgufValue> = fc.oneof(
  fc.record({ text: fc.string({ unit: "grapheme" }) }),
  fc.record({ u32: count }),
  fc.record({ u64: fc.maxSafeNat() }),
  fc.record({ u16: fc.nat(65535) }),
  fc.record({ i32: count }),
  fc.record({ bool: fc.boolean() }),
  fc.record({ texts: fc.array(fc.string(), { maxLength: 5 }) }),
  fc.record({ floats: fc.nat(5) }),
);

/** GGUF files of all versions, in both orders of bytes, with any alignment. */
export const ggufFile: fc.Arbitrary<Uint8Array> = fc.record({
  version: fc.integer({ min: 1, max: 3 }),
  bigEndian: fc.boolean(),
  family: word,
  modelName: fc.string({ unit: "grapheme", maxLength: 30 }),
  sizes: fc.record({
    block_count: fc.oneof(fc.record({ u32: count }), fc.record({ u64: count })),
    context_length: fc.oneof(fc.record({ u32: count }), fc.record({ i32: count })),
    embedding_length: fc.record({ u16: fc.integer({ min: 1, max: 65535 }) }),
  }, { requiredKeys: [] }),
  alignment: fc.option(fc.constantFrom(1, 2, 8, 16, 64, 256), { nil: undefined }),
  others: fc.dictionary(word.map((key) => `other.${key}`), anyValue, { maxKeys: 6 }),
  tokens: fc.option(fc.array(fc.string(), { maxLength: 20 }), { nil: undefined }),
  tensors: fc.uniqueArray(ggufTensor, { maxLength: 6, selector: ({ name }) => name }),
}).map(({ version, bigEndian, family, modelName, sizes, alignment, others, tokens, tensors }) => {
  const own = Object.entries(sizes).map(([key, value]) => [`${family}.${key}`, value]);
  const values: Record<string, GgufValue> = {
    ...others,
    "general.architecture": { text: family },
    "general.name": { text: modelName },
    ...Object.fromEntries(own),
    ...(tokens === undefined ? {} : { "tokenizer.ggml.tokens": { texts: tokens } }),
    ...(alignment === undefined ? {} : { "general.alignment": { u32: alignment } }),
  };
  return gguf(values, tensors, { version, bigEndian });
});
