import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidInputError } from "../../../src/core/errors.ts";
import { type BlobSource, bytesSource, rangeBounds } from "../../../src/core/source.ts";
import { concatBytes } from "../../../src/core/streams.ts";
import { mergeGguf, readGguf } from "../../../src/model/weights/gguf.ts";
import { gguf, number, toleratesBytes, watchedSource } from "./support.ts";

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
      const { elements: _, ...facts } = await read(gguf(MODEL, TENSORS, { version, bigEndian }));
      assert.deepEqual(facts, {
        format: "gguf",
        paramCount: 352,
        quantization: "Q4_K_M",
        family: "llama",
        architecture: "transformer",
      });
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
  assert.ok(source.read() < 600_000, `${source.read()} bytes were read`);
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
  ]),
  "a tensor larger than the file": gguf({}, [{ name: "a", shape: [1e6], type: 0 }]),
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
