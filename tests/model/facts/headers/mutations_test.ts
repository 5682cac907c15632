/**
 * Small files of every format, with each byte changed and cut at each length: what is read of them
 * lies within the file, or the error says that it is none of its kind.
 */
import assert from "node:assert/strict";
import { InvalidInputError } from "../../../../src/core/errors.ts";
import type { BlobSource } from "../../../../src/core/content/source.ts";
import { concatBytes } from "../../../../src/core/streams.ts";
import type { WeightFacts } from "../../../../src/model/facts/facts.ts";
import { readGguf } from "../../../../src/model/facts/headers/gguf.ts";
import { readOnnx } from "../../../../src/model/facts/headers/onnx.ts";
import { readSafetensors } from "../../../../src/model/facts/headers/safetensors.ts";
import { readTfjs } from "../../../../src/model/facts/headers/tfjs.ts";
import { field, gguf, onnx, onnxTensor, safetensors, watchedSource } from "../support.ts";

const KEYS = {
  "general.architecture": { text: "llama" },
  "general.file_type": { u32: 15 },
  "llama.block_count": { u64: 2 },
  "general.languages": { texts: ["en"] },
  "x": { floats: 2 },
} as const;
const TENSORS = [
  { name: "a", shape: [256], type: 12 },
  { name: "b", shape: [2, 3], type: 0 },
];

const MANIFEST = JSON.stringify([{
  paths: ["group1-shard1of1"],
  weights: [{ name: "w", shape: [2, 3], dtype: "float32", quantization: { dtype: "uint8" } }],
}]);

/** A reader, and a small file that it reads. */
type Subject = readonly [
  read: (source: BlobSource) => Promise<WeightFacts>,
  file: Uint8Array,
];

const SUBJECTS: Readonly<Record<string, Subject>> = {
  "safetensors": [
    readSafetensors,
    safetensors({
      "a.weight": { dtype: "BF16", shape: [2, 3], width: 2 },
      "a.scales": { dtype: "F32", shape: [], width: 4 },
    }, { format: "pt" }),
  ],
  "GGUF of version 1": [readGguf, gguf(KEYS, TENSORS, { version: 1 })],
  "GGUF of version 2": [readGguf, gguf(KEYS, TENSORS, { version: 2 })],
  "GGUF of version 3": [readGguf, gguf(KEYS, TENSORS)],
  "GGUF in big endian": [readGguf, gguf(KEYS, TENSORS, { bigEndian: true })],
  "ONNX": [
    readOnnx,
    onnx(
      field(5, onnxTensor(1, [2, 3], 24)),
      field(5, onnxTensor(7, [4])),
      field(1, concatBytes([field(4, "Constant"), field(5, field(5, onnxTensor(1, [2], 8)))])),
    ),
  ],
  "TensorFlow.js": [readTfjs, new TextEncoder().encode(MANIFEST)],
};

/** Bytes that mean something in one format or another: ends, lengths beyond all bounds, signs. */
const VALUES = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x30, 0x5b, 0x7b];

/** Every file that is one byte away from another, or a part of it. */
function* neighbours(file: Uint8Array): Generator<Uint8Array, void> {
  for (let length = 0; length < file.length; length++) yield file.slice(0, length);
  yield concatBytes([file, new Uint8Array(1)]);
  for (let at = 0; at < file.length; at++) {
    const byte = file[at] ?? 0;
    const flipped = Array.from({ length: 8 }, (_, bit) => byte ^ (1 << bit));
    for (const value of new Set([...VALUES, ...flipped])) yield file.with(at, value);
  }
}

function checkFacts({ tensors, paramCount = 0, elements }: WeightFacts, size: number): void {
  assert.ok(Number.isSafeInteger(paramCount) && paramCount >= 0, `${paramCount} parameters`);
  for (const count of elements.values()) assert.ok(count >= 0, `${count} elements`);
  for (const { name, start, bytes, shape } of tensors) {
    assert.ok(shape.every((size) => Number.isSafeInteger(size) && size >= 0), shape.join());
    if (start === undefined) continue;
    assert.ok(start >= 0 && start + (bytes ?? 0) <= size, `${name}: ${start} + ${bytes}`);
  }
}

for (const [format, [read, file]] of Object.entries(SUBJECTS)) {
  Deno.test(`a file of ${format} with any byte changed, or cut anywhere, is bounded`, async () => {
    checkFacts(await read(watchedSource(file)), file.length);
    let refused = 0;
    for (const bytes of neighbours(file)) {
      const source = watchedSource(bytes);
      try {
        checkFacts(await read(source), bytes.length);
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error;
        assert.match(error.message, /^Cannot read /);
        refused++;
      }
      assert.ok(
        source.bytesRead() <= 4 * bytes.length,
        `${source.bytesRead()} of ${bytes.length} bytes`,
      );
    }
    // A reader that accepts everything would pass all of the above.
    assert.ok(refused > file.length / 2, `${refused} were refused`);
  });
}
