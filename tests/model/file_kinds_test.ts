import assert from "node:assert/strict";
import fc from "fast-check";
import { classify, FILE_KINDS, isSkipped } from "../../src/model/file_kinds.ts";
import { LAYER_KINDS, type LayerKind } from "../../src/model/media_types.ts";

const NAMES: Readonly<Partial<Record<LayerKind, readonly string[]>>> = {
  config: [
    "config.json",
    "tokenizer.model",
    "Tokenizer.Model.v3",
    "spiece.model",
    "vocab.txt",
    "merges.txt",
    "package.json",
    "pyproject.toml",
    "model.safetensors.index.json",
    "config.json.bak",
    "chat_template.jinja",
    "net.xml",
  ],
  model: [
    "model.safetensors",
    "MODEL.SAFETENSORS",
    "pytorch_model.bin",
    "model.bin.1",
    "weights.model",
    "x.vocab",
    "variables.data-00000-of-00001",
    "tensor0_1",
    "llama.q4_0",
    "a.onnx_data_1",
    "a.db",
  ],
  code: [
    "tokenizer.py",
    "a.c++",
    "requirements.txt",
    "requirements-dev.txt",
    "Makefile",
    "Dockerfile.gpu",
    "build_notes.md",
    "prod.env",
    "feature_map",
    "no extension",
  ],
  dataset: ["train.parquet", "eval.CSV", "chat.jsonl", "table.tsv", "lines.ndjson"],
  doc: ["README.md", "readme", "LICENSE", "LICENSE-MIT", "notes.TXT", "a.png", "paper.pdf"],
};

Deno.test("classify() tells kinds by name, the first table first", () => {
  for (const [kind, names] of Object.entries(NAMES)) {
    for (const name of names) assert.equal(classify(name, 1), kind, name);
  }
});

Deno.test("classify() takes a large file of unknown name for weights, a small one for code", () => {
  assert.equal(classify("blob", 128_000_000), "code");
  assert.equal(classify("blob", 128_000_001), "model");
  assert.equal(classify("huge.py", 1e12), "code");
});

Deno.test("classify() knows a kind for every name", () => {
  fc.assert(fc.property(fc.string(), fc.nat(), (name, size) => {
    assert.ok(LAYER_KINDS.includes(classify(name, size)));
  }));
});

Deno.test("the tables hold no pattern twice", () => {
  for (const { patterns } of FILE_KINDS) assert.equal(new Set(patterns).size, patterns.length);
});

Deno.test("isSkipped() passes over hidden files, Modelfiles and Python's leftovers only", () => {
  const skipped = [".git", ".env", "Modelfile", "modelfile", "Modelfile.dev", "MODELFILE-prod"];
  for (const name of [...skipped, "__pycache__", "a.pyc"]) assert.ok(isSkipped(name), name);
  for (const name of ["modelfile_utils.py", "my.modelfile", "a.py", "a.b"]) {
    assert.ok(!isSkipped(name), name);
  }
});

Deno.test("weights of every format are known by their names, side files too", () => {
  const names = `model.onnx model.onnx.data model.onnx_data model.onnx_data_1 inference.pdmodel
    inference.pdiparams weights.pdparams optimizer.pdopt m.nemo m.mnn m.rknn m.mindir m.om m.dduf
    m.vmfb m.litertlm m.task m.plan m.ncnn.param m.ncnn.bin m.tflite m.pte m.gguf.part1 M.GGUF
    m.cbm m.ubj m.safetensors 0.distcp m.tnnmodel m.tmfile m.hef m.bmodel m.kmodel m.cvimodel
    m.axmodel m.t7 m.jit __model__ __params__ net.param m.rten m.xmodel m.nbg`;
  for (const name of names.split(/\s+/)) assert.equal(classify(name, 10), "model", name);
});
