import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../../src/core/errors.ts";
import { bytesSource } from "../../../../src/core/content/source.ts";
import {
  mergeSafetensors,
  readSafetensors,
} from "../../../../src/model/facts/headers/safetensors.ts";
import {
  number,
  safetensors,
  safetensorsOf,
  sparseSource,
  toleratesBytes,
  watchedSource,
} from "../support.ts";

const F32 = { dtype: "F32", width: 4 };
const BF16 = { dtype: "BF16", width: 2 };

function read(bytes: Uint8Array) {
  return readSafetensors(bytesSource(bytes), { name: "model.safetensors" });
}

Deno.test("precision is the type of most elements, and the count is all of them", async () => {
  const facts = await read(safetensors({
    "embed.weight": { ...BF16, shape: [100, 8] },
    "norm.weight": { ...F32, shape: [8] },
    "scalar": { ...F32, shape: [] },
  }, { format: "pt" }));
  assert.equal(facts.format, "safetensors");
  assert.equal(facts.precision, "bfloat16");
  assert.equal(facts.paramCount, 809);
});

Deno.test("the types of the format have the words of ModelPack", async () => {
  const words = {
    F64: ["float64", 8],
    F16: ["float16", 2],
    F8_E4M3: ["float8_e4m3", 1],
    F8_E5M2: ["float8_e5m2", 1],
    I8: ["int8", 1],
    U8: ["uint8", 1],
    NEW_TYPE: ["new_type", 3],
  } as const;
  for (const [dtype, [word, width]] of Object.entries(words)) {
    const facts = await read(safetensors({ a: { dtype, shape: [3], width } }));
    assert.equal(facts.precision, word);
  }
});

Deno.test("only the header is read", async () => {
  const bytes = safetensors({ a: { ...F32, shape: [100_000] } });
  const source = watchedSource(bytes);
  await readSafetensors(source);
  assert.equal(source.bytesRead(), bytes.length - 400_000);
});

Deno.test("shards are added up", async () => {
  const shards = [
    await read(safetensors({ a: { ...BF16, shape: [10] } })),
    await read(safetensors({ b: { ...F32, shape: [4] }, c: { ...BF16, shape: [1] } })),
  ];
  const { precision, paramCount } = mergeSafetensors(shards);
  assert.deepEqual([precision, paramCount], ["bfloat16", 15]);
});

Deno.test("packed weights have no count and no precision", async () => {
  for (const name of ["a.qweight", "a.weight_packed", "mlp.gate_up_proj_blocks"]) {
    const facts = await read(safetensors({ [name]: { dtype: "I32", shape: [9], width: 4 } }));
    assert.deepEqual([facts.paramCount, facts.precision, facts.packed], [
      undefined,
      undefined,
      true,
    ]);
  }
});

Deno.test("what bitsandbytes writes names the quantization", async () => {
  const facts = await read(safetensors({
    "a.weight": { dtype: "U8", shape: [4], width: 1 },
    "a.weight.absmax": { ...F32, shape: [1] },
    "a.weight.quant_state.bitsandbytes__nf4": { dtype: "U8", shape: [2], width: 1 },
  }));
  assert.deepEqual([facts.quantization, facts.paramCount], ["bitsandbytes-nf4", undefined]);
});

Deno.test("scales of eight-bit floats are no parameters", async () => {
  const facts = await read(safetensors({
    "a.weight": { dtype: "F8_E4M3", shape: [64], width: 1 },
    "a.weight_scale_inv": { ...F32, shape: [2] },
  }));
  assert.deepEqual([facts.paramCount, facts.precision], [64, "float8_e4m3"]);
});

Deno.test("a file without tensors has a format and nothing else", async () => {
  const facts = await read(safetensors({}));
  assert.deepEqual([facts.paramCount, facts.precision], [undefined, undefined]);
});

const tensor = (shape: unknown, offsets: unknown = [0, 4]) =>
  safetensorsOf(JSON.stringify({ a: { dtype: "F32", shape, data_offsets: offsets } }), 4);

const BROKEN: Readonly<Record<string, Uint8Array>> = {
  "an empty file": new Uint8Array(0),
  "half a length": new Uint8Array(4),
  "a header longer than the file": number(1000, 8),
  "a length that no number can hold": new Uint8Array(8).fill(255),
  "a header that is no JSON": safetensorsOf("{", 0),
  "a header that is a list": safetensorsOf("[]", 0),
  "a tensor that is a text": safetensorsOf('{"a":"b"}', 0),
  "a tensor behind the end": tensor([1], [0, 5]),
  "a tensor that ends before it begins": tensor([1], [4, 0]),
  "a negative size": tensor([-1]),
  "a broken size": tensor([0.5]),
  "sizes whose product overflows": tensor([2 ** 40, 2 ** 40]),
  "sizes whose product is no number": tensor([...Array(40).fill(2 ** 52), 0]),
  "more elements than bytes": tensor([9]),
};

for (const [what, bytes] of Object.entries(BROKEN)) {
  Deno.test(`${what} is invalid input`, async () => {
    await assert.rejects(read(bytes), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, /^Cannot read "model\.safetensors": /);
      return true;
    });
  });
}

for (const part of ["_quant_state.x", ".weight", "a"]) {
  Deno.test(`a tensor with a name of many ${part} and a line end is invalid input`, async () => {
    const name = `${part.repeat(500_000)}\n`;
    const header = { [name]: { dtype: "U8", shape: [1], data_offsets: [0, 1] } };
    const bytes = safetensorsOf(JSON.stringify(header), 1);
    const long = bytesSource(bytes);
    await assert.rejects(
      readSafetensors(long, { name: "w" }),
      /has a name of \d+ characters|longer/,
    );
  });
}

Deno.test("a header longer than facts are worth is refused unread", async () => {
  const source = sparseSource(number(100_000_001, 8), 200_000_000);
  await assert.rejects(readSafetensors(source), /longer than 10000000/);
});

Deno.test("random bytes and random headers give facts or invalid input", async () => {
  const headers = fc.json().map((json) => safetensorsOf(json, 16));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), headers), async (bytes) => {
      await toleratesBytes(readSafetensors, bytes);
    }),
  );
});

Deno.test("the count is the sum of the products of the shapes", async () => {
  const shape = fc.array(fc.nat(5), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(shape, { minLength: 1, maxLength: 6 }), async (shapes) => {
      const facts = await read(safetensors(
        Object.fromEntries(shapes.map((shape, index) => [`t${index}`, { ...F32, shape }])),
      ));
      const sum = shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
      assert.equal(facts.paramCount, sum || undefined);
    }),
  );
});
