import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { type BlobSource, bytesSource } from "../../../src/core/content/source.ts";
import { fileSource } from "../../../src/core/content/file_source.ts";
import { ReadBudget } from "../../../src/model/facts/read_budget.ts";
import { readHeaderFacts } from "../../../src/model/facts/weights.ts";
import { OCR_MODELS_FOLDER } from "../../support/models.ts";
import { gguf, safetensors } from "./support.ts";

async function find(files: Readonly<Record<string, Uint8Array | string>>) {
  const { tensors: _tensors, unread: _unread, unlisted: _unlisted, ...facts } = await report(files);
  return facts;
}

function report(files: Readonly<Record<string, Uint8Array | string>>) {
  return readHeaderFacts(
    Object.entries(files).map(([path, content]) => ({
      path,
      source: bytesSource(
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      ),
    })),
  );
}

const weights = (count: number, dtype = "BF16") =>
  safetensors({ [`w${count}`]: { dtype, shape: [count], width: dtype === "F32" ? 4 : 2 } });
const quantized = (fileType: number) =>
  gguf({ "general.architecture": { text: "llama" }, "general.file_type": { u32: fileType } }, [
    { name: "a", shape: [100], type: 12 },
  ]);

Deno.test("a folder without weights tells nothing", async () => {
  assert.deepEqual(await find({ "README.md": "x", "config.json": "{}" }), { warnings: [] });
});

Deno.test("the shards of one model are added up", async () => {
  const facts = await find({
    "model-00001-of-00002.safetensors": weights(100),
    "model-00002-of-00002.safetensors": weights(50),
    "model.safetensors.index.json": "{}",
  });
  assert.deepEqual(facts, {
    format: "safetensors",
    paramCount: 150,
    precision: "bfloat16",
    tensorBytes: 300,
    tensorCount: 2,
    warnings: [],
  });
});

Deno.test("a model with a missing shard has no count", async () => {
  const facts = await find({ "model-00001-of-00002.safetensors": weights(100) });
  assert.equal(facts.paramCount, undefined);
  assert.match(facts.warnings[0] ?? "", /one of 2 parts, of which 1 were read/);
});

Deno.test("several models tell what they agree on", async () => {
  const facts = await find({ "a.Q4_K_M.gguf": quantized(15), "a.Q4_0.gguf": quantized(2) });
  assert.deepEqual([facts.paramCount, facts.family, facts.quantization], [100, "llama", undefined]);
  assert.match(facts.warnings.join(), /2 models that differ: QUANTIZATION is left out/);
});

Deno.test("of several formats the first is described, and the others are said", async () => {
  const facts = await find({
    "model.safetensors": weights(100),
    "pytorch_model.bin": Uint8Array.of(0x80, 2, 0, 0),
    "model.gguf": quantized(15),
  });
  assert.deepEqual([facts.format, facts.quantization], ["safetensors", undefined]);
  assert.match(facts.warnings.join(), /\(safetensors, gguf, pytorch\): FORMAT says safetensors/);
});

Deno.test("formats are known by name and by the first bytes", async () => {
  const zip = Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0);
  const cases: readonly (readonly [string, Uint8Array | string, string])[] = [
    ["model.pt", zip, "pytorch"],
    ["pytorch_model.bin", Uint8Array.of(0x80, 2), "pytorch"],
    ["saved_model/saved_model.pb", "", "tensorflow"],
    ["tf_model.h5", "", "tensorflow"],
    ["model.keras", zip, "keras"],
    ["model.h5", "\u0089HDF\r\n\u001a\n", "keras"],
    ["net.tflite", "0000TFL3", "tflite"],
    ["flax_model.msgpack", "", "flax"],
    ["openvino_model.bin", "", "openvino"],
  ];
  for (const [path, content, format] of cases) {
    const bytes = typeof content === "string"
      ? Uint8Array.from(content, (char) => char.charCodeAt(0))
      : content;
    assert.equal((await find({ [path]: bytes })).format, format, path);
  }
});

Deno.test("a GGUF file under the name it replaces is known", async () => {
  assert.equal((await find({ "pytorch_model.bin": quantized(15) })).quantization, "Q4_K_M");
});

Deno.test("a broken file is a warning, and the others still tell", async () => {
  const facts = await find({
    "bad.safetensors": "x",
    "good.safetensors": weights(100),
    "bad.pt": "version https://git-lfs.github.com/spec/v1",
  });
  assert.equal(facts.paramCount, 100);
  assert.equal(facts.warnings.length, 2);
  assert.match(facts.warnings.join("\n"), /Cannot read "bad.safetensors": /);
  assert.match(facts.warnings.join("\n"), /"bad.pt" does not begin as a pytorch file does/);
});

Deno.test("the real models agree on format and precision", async () => {
  const files: { path: string; source: BlobSource }[] = [];
  for await (const { name } of Deno.readDir(OCR_MODELS_FOLDER)) {
    files.push({ path: name, source: await fileSource(join(OCR_MODELS_FOLDER, name)) });
  }
  const facts = await readHeaderFacts(files);
  assert.deepEqual([facts.format, facts.precision, facts.paramCount], [
    "onnx",
    "float32",
    undefined,
  ]);
});

Deno.test("what a source throws goes through, and so does an abort", async () => {
  const broken: BlobSource = { size: 100, open: () => Promise.reject(new Error("disk")) };
  const files = [{ path: "a.safetensors", source: broken }];
  await assert.rejects(readHeaderFacts(files), /disk/);
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(readHeaderFacts(files, { signal }), /enough/);
});

Deno.test("no bytes under any name make it throw", async () => {
  const names = fc.constantFrom(
    "a.safetensors",
    "a.gguf",
    "a.onnx",
    "a.pt",
    "a.h5",
    "model.bin",
    "a",
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, fc.uint8Array({ maxLength: 64 })), async (files) => {
      await find(files);
    }),
  );
});

Deno.test("the tensors of all files are listed with their files", async () => {
  const { tensors, tensorCount } = await report({
    "model-00001-of-00002.safetensors": weights(100),
    "model-00002-of-00002.safetensors": weights(50),
  });
  assert.equal(tensorCount, 2);
  assert.deepEqual(
    Array.from(tensors, ({ name, file, shape, bytes }) => [name, file, shape, bytes]),
    [
      ["w100", "model-00001-of-00002.safetensors", [100], 200],
      ["w50", "model-00002-of-00002.safetensors", [50], 100],
    ],
  );
});

Deno.test("parts that a budget leaves unread are named, and the count is worked out", async () => {
  const names = [1, 2, 3, 4].map((part) => `model-0000${part}-of-00004.safetensors`);
  const budget = new ReadBudget({ requests: 2, bytes: 100_000 });
  const found = await readHeaderFacts(
    names.map((path) => ({ path, source: budget.limit(bytesSource(weights(100))) })),
    { window: 1024 },
  );
  assert.deepEqual(found.unread, names.slice(2));
  assert.deepEqual([found.paramCount, found.paramCountIsEstimate], [400, true]);
  assert.deepEqual(found.warnings, []);
});
