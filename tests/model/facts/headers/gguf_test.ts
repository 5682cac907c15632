import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../../src/core/errors.ts";
import { type BlobSource, bytesSource, rangeBounds } from "../../../../src/core/content/source.ts";
import { concatBytes } from "../../../../src/core/streams.ts";
import { readGguf } from "../../../../src/model/facts/headers/gguf.ts";
import { mergeGguf } from "../../../../src/model/facts/headers/gguf_facts.ts";
import { ReadBudget } from "../../../../src/model/facts/read_budget.ts";
import { gguf, type GgufValue, number, toleratesBytes, watchedSource } from "../support.ts";

const MODEL = {
  "general.architecture": { text: "llama" },
  "general.name": { text: "Test" },
  "general.file_type": { u32: 15 },
  "tokenizer.ggml.tokens": { texts: ["a", "b", "", "ü"] },
  "tokenizer.ggml.scores": { floats: 4 },
  "tokenizer.chat_template": { text: "x".repeat(5000) },
} as const;
const TENSORS = [
  { name: "token_embd.weight", shape: [32, 10], type: 12 },
  { name: "output_norm.weight", shape: [32], type: 0 },
];

function read(bytes: Uint8Array) {
  return readGguf(bytesSource(bytes), { name: "model.gguf" });
}

for (const version of [1, 2, 3]) {
  for (const bigEndian of [false, true]) {
    const order = bigEndian ? "big" : "little";
    Deno.test(`a version ${version} file in ${order} endian tells its facts`, async () => {
      const facts = await read(gguf(MODEL, TENSORS, { version, bigEndian }));
      const { elements: _, tensors, ...others } = facts;
      assert.deepEqual(others, {
        format: "gguf",
        name: "Test",
        paramCount: 352,
        namedType: "Q4_K_M",
        quantization: "Q4_K_M",
        family: "llama",
        architecture: "transformer",
        shape: { vocabularySize: 4 },
        tokenizer: { vocabularySize: 4, chatTemplate: true, tools: false },
      });
      assert.deepEqual(Array.from(tensors, ({ name, shape, bytes }) => [name, shape, bytes]), [
        ["token_embd.weight", [10, 32], 288],
        ["output_norm.weight", [32], 128],
      ]);
    });
  }
}

Deno.test("plain weights have a precision and no quantization", async () => {
  for (const [type, word] of [[0, "float32"], [1, "float16"], [32, "bfloat16"]] as const) {
    const facts = await read(gguf({ "general.file_type": { u32: type } }, TENSORS));
    assert.deepEqual([facts.precision, facts.quantization], [word, undefined]);
  }
});

Deno.test("without a known file type the type of most elements counts", async () => {
  const facts = await read(gguf({ "general.file_type": { u32: 999 } }, TENSORS));
  assert.equal(facts.quantization, "Q4_K");
});

Deno.test("a file without tensors takes the count from its keys", async () => {
  const exact = await read(gguf({ "general.parameter_count": { u64: 494_032_768 } }, []));
  assert.equal(exact.paramCount, 494_032_768);
  const label = await read(gguf({ "general.size_label": { text: "7B" } }, []));
  assert.equal(label.paramCount, 7e9);
  const none = await read(gguf({ "general.size_label": { text: "8x7B" } }, []));
  assert.equal(none.paramCount, undefined);
});

Deno.test("the parts of a split model are one model", async () => {
  const merged = mergeGguf([
    await read(gguf({ ...MODEL, "general.parameter_count": { u64: 999 } }, [])),
    await read(gguf({}, TENSORS)),
  ]);
  assert.deepEqual([merged.paramCount, merged.quantization, merged.family], [
    352,
    "Q4_K_M",
    "llama",
  ]);
});

Deno.test("some architectures are no transformers", async () => {
  const facts = await read(gguf({ "general.architecture": { text: "mamba" } }, TENSORS));
  assert.equal(facts.architecture, "mamba");
});

Deno.test("weights are not read", async () => {
  const bytes = gguf(MODEL, TENSORS, { dataSize: 4_000_000 });
  const source = watchedSource(bytes);
  await readGguf(source);
  assert.ok(source.bytesRead() < 600_000, `${source.bytesRead()} bytes were read`);
});

const HEAD = [new TextEncoder().encode("GGUF"), number(3, 4)];
const raw = (...parts: Uint8Array[]) => concatBytes([...HEAD, ...parts, new Uint8Array(64)]);
const ALL = new Uint8Array(8).fill(255);

const BROKEN: Readonly<Record<string, Uint8Array>> = {
  "an empty file": new Uint8Array(0),
  "another file": new TextEncoder().encode("GGML0000"),
  "a version from the future": gguf({}, [], { version: 4 }),
  "version 0": gguf({}, [], { version: 0 }),
  "a tensor count beyond all bounds": raw(ALL, number(0, 8)),
  "a million million tensors": raw(number(1e12, 8), number(0, 8)),
  "more keys than any model has": raw(number(0, 8), number(1e9, 8)),
  "a key longer than the file": raw(number(0, 8), number(1, 8), number(2 ** 40, 8)),
  "a value of an unknown type": raw(number(0, 8), number(1, 8), number(0, 8), number(99, 4)),
  "an array in an array": raw(number(0, 8), number(1, 8), number(0, 8), number(9, 4), number(9, 4)),
  "an array that overflows": raw(
    number(0, 8),
    number(1, 8),
    number(0, 8),
    number(9, 4),
    number(10, 4),
    number(2 ** 52, 8),
  ),
  "texts without end": raw(
    number(0, 8),
    number(1, 8),
    number(0, 8),
    number(9, 4),
    number(8, 4),
    number(2 ** 52, 8),
  ),
  "a tensor of a billion dimensions": raw(number(1, 8), number(0, 8), number(0, 8), number(1e9, 4)),
  "a shape whose product overflows": gguf({}, [
    { name: "a", shape: [2 ** 33, 2 ** 33], type: 0 },
  ], { dataSize: 4096 }),
  "a tensor larger than the file": gguf({}, [{ name: "a", shape: [1e6], type: 0 }], {
    dataSize: 4096,
  }),
  "a file that is cut within its last tensor": gguf(MODEL, TENSORS).slice(0, -1),
  "an alignment that is no power of two": gguf(
    { "general.alignment": { u32: 24 } },
    [{ name: "a", shape: [8], type: 0 }],
  ),
  "an alignment of nothing": gguf({ "general.alignment": { u32: 0 } }, [
    { name: "a", shape: [8], type: 0 },
  ], { dataSize: 64 }),
  "two tensors in one place": gguf({}, [
    { name: "a", shape: [8], type: 0, place: 0 },
    { name: "b", shape: [8], type: 0, place: 16 },
  ]),
};

for (const [what, bytes] of Object.entries(BROKEN)) {
  Deno.test(`${what} is invalid input`, async () => {
    await assert.rejects(read(bytes), (error) => {
      assert.ok(error instanceof InvalidInputError, String(error));
      assert.match(error.message, /^Cannot read "model\.gguf": /);
      return true;
    });
  });
}

Deno.test("a header that goes on for gigabytes is given up", async () => {
  // Every text is announced to be longer than what is fetched at once, so each one costs a fetch.
  const length = number(300_000, 8);
  const head = raw(number(0, 8), number(1, 8), number(0, 8), number(9, 4), number(8, 4));
  const size = 2 ** 40;
  const source: BlobSource = {
    size,
    open({ range } = {}) {
      const { start, end } = rangeBounds(range, size);
      const bytes = new Uint8Array(end - start);
      for (let at = 0; at + 8 <= bytes.length; at += 8) bytes.set(length, at);
      if (start === 0) bytes.set(head.subarray(0, 40));
      return bytesSource(bytes).open();
    },
  };
  await assert.rejects(readGguf(source), /its header is too large/);
});

Deno.test("random bytes after a good beginning give facts or invalid input", async () => {
  const small = fc.record({
    tensors: fc.nat(3),
    pairs: fc.nat(3),
    rest: fc.uint8Array({ maxLength: 300 }),
  })
    .map(({ tensors, pairs, rest }) =>
      concatBytes([...HEAD, number(tensors, 8), number(pairs, 8), rest])
    );
  const cut = fc.nat(5400).map((size) => gguf(MODEL, TENSORS, { dataSize: 0 }).slice(0, size));
  const flipped = fc.tuple(fc.nat(400), fc.nat(255)).map(([at, value]) => {
    const bytes = gguf(MODEL, TENSORS);
    bytes[at] = value;
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), small, cut, flipped), async (bytes) => {
      await toleratesBytes(readGguf, bytes);
    }),
    { numRuns: 300 },
  );
});

Deno.test("the keys of a GGUF file tell its name, license, origin, sizes and tokenizer", async () => {
  const facts = await readGguf(bytesSource(gguf({
    "general.architecture": { text: "llama" },
    "general.name": { text: "Tiny Llama" },
    "general.license": { text: "apache-2.0" },
    "general.languages": { texts: ["en", "de"] },
    "general.base_model.count": { u32: 1 },
    "general.base_model.0.name": { text: "Base" },
    "general.base_model.0.repo_url": { text: "https://huggingface.co/org/base" },
    "llama.block_count": { u32: 22 },
    "llama.context_length": { u32: 2048 },
    "llama.embedding_length": { u32: 2048 },
    "llama.attention.head_count": { u32: 32 },
    "llama.attention.head_count_kv": { u32: 4 },
    "tokenizer.ggml.model": { text: "gpt2" },
    "tokenizer.ggml.tokens": { texts: ["a", "b", "c"] },
    "tokenizer.chat_template": { text: `{% if tools %}${"x".repeat(2000)}{% endif %}` },
  }, [{ name: "blk.0.attn_q.weight", shape: [64, 32], type: 12 }])));
  assert.deepEqual([facts.name, facts.license, facts.languages, facts.baseModels], [
    "Tiny Llama",
    "Apache-2.0",
    ["en", "de"],
    ["org/base"],
  ]);
  assert.deepEqual(facts.shape, {
    layers: 22,
    width: 2048,
    heads: 32,
    keyValueHeads: 4,
    contextLength: 2048,
    vocabularySize: 3,
  });
  assert.deepEqual(facts.tokenizer, {
    method: "BPE",
    vocabularySize: 3,
    chatTemplate: true,
    tools: true,
  });
});

Deno.test("the tensors of a GGUF file have shape, type, bytes and a place", async () => {
  const bytes = gguf({ "general.architecture": { text: "llama" } }, [
    { name: "a", shape: [256, 4], type: 12 },
    { name: "b", shape: [8], type: 0 },
  ]);
  const { tensors } = await readGguf(bytesSource(bytes));
  const start = bytes.length - 576 - 32;
  assert.deepEqual([...tensors], [
    { name: "a", type: "Q4_K", shape: [4, 256], bytes: 4 * 144, start },
    { name: "b", type: "float32", shape: [8], bytes: 32, start: start + 576 },
  ]);
});

Deno.test("a budget that ends within a GGUF header leaves what was read before", async () => {
  const texts = Array.from({ length: 2000 }, (_, index) => `token ${index}`);
  const bytes = gguf({
    "general.architecture": { text: "llama" },
    "general.file_type": { u32: 15 },
    "llama.block_count": { u32: 22 },
    "tokenizer.ggml.tokens": { texts },
  }, [{ name: "a", shape: [256], type: 12 }]);
  const budget = new ReadBudget({ requests: 2, bytes: 8192 });
  const facts = await readGguf(budget.limit(bytesSource(bytes)), { window: 4096 });
  assert.deepEqual([facts.partial, facts.family, facts.quantization, facts.shape?.layers], [
    true,
    "llama",
    "Q4_K_M",
    22,
  ]);
  assert.deepEqual([...facts.tensors], []);
  assert.equal(facts.paramCount, undefined);
});

const LONG = "v".repeat(1000);

/** Values that nobody wants, and how many of them are more than a megabyte. */
const MANY_VALUES: Readonly<
  Record<string, readonly [count: number, valueOf: (index: number) => GgufValue]>
> = {
  "long texts": [1100, () => ({ text: LONG })],
  "lists of long texts": [20, () => ({ texts: Array.from({ length: 64 }, () => LONG) })],
  "numbers": [30_000, (index) => ({ u32: index })],
};

for (const [what, [count, valueOf]] of Object.entries(MANY_VALUES)) {
  Deno.test(`of a header full of ${what} the first values are kept, up to a bound`, async () => {
    const many = Array.from(
      { length: count },
      (_, index) => [`general.a_long_name_of_a_value_${index}`, valueOf(index)] as const,
    );
    const values = {
      "general.name": { text: "first" },
      ...Object.fromEntries(many),
      "general.license": { text: "mit" },
    };
    const facts = await readGguf(bytesSource(gguf(values, [])));
    assert.deepEqual([facts.name, facts.license], ["first", undefined]);
  });
}
