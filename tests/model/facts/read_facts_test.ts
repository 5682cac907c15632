import assert from "node:assert/strict";
import { localFacts, modelfileValues } from "../../../src/model/facts/local.ts";
import { tempFolder } from "../../support/temp.ts";

/** What is found in a workspace with these files. */
async function find(files: Readonly<Record<string, string>>) {
  await using folder = await tempFolder();
  const known = [];
  for (const [path, text] of Object.entries(files)) {
    known.push({ path, absolute: await folder.write(path, text), size: text.length });
  }
  const { facts, warnings } = await localFacts(known);
  return { values: modelfileValues(facts), facts, warnings };
}

Deno.test("config.json tells family, precision and architecture", async () => {
  const { values, warnings } = await find({
    "config.json": '{"model_type":"qwen2","torch_dtype":"float16","transformers_version":null}',
  });
  assert.deepEqual([values.family, values.precision, values.arch], [
    "qwen2",
    "float16",
    "transformer",
  ]);
  assert.deepEqual(warnings, []);
});

Deno.test("precision is also read from dtype, after torch_dtype", async () => {
  assert.equal(
    (await find({ "config.json": '{"dtype":"bfloat16"}' })).values.precision,
    "bfloat16",
  );
  const both = '{"dtype":"a","torch_dtype":"b"}';
  assert.equal((await find({ "config.json": both })).values.precision, "b");
});

Deno.test("generation_config.json overrides config.json key by key", async () => {
  const { values } = await find({
    "config.json": '{"model_type":"a","torch_dtype":"x"}',
    "generation_config.json": '{"model_type":"b"}',
  });
  assert.deepEqual([values.family, values.precision], ["b", "x"]);
});

Deno.test("only files in the top folder tell facts", async () => {
  assert.equal((await find({ "x/config.json": '{"model_type":"a"}' })).values.family, undefined);
});

Deno.test("facts of the wrong type, and words a Modelfile cannot hold, are passed over", async () => {
  const { values, warnings } = await find({
    "config.json": '{"model_type":"a\\nb","torch_dtype":7,"dtype":"","__proto__":{"dtype":"x"}}',
  });
  assert.deepEqual([values.family, values.precision, values.arch], [
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(warnings, []);
});

Deno.test("a configuration that cannot be read is a warning", async () => {
  assert.deepEqual((await find({ "config.json": "{" })).warnings, [
    "config.json tells nothing: Expected property name or '}' in JSON at position 1 " +
    "(line 1 column 2)",
  ]);
  assert.deepEqual((await find({ "config.json": "[1]", "generation_config.json": "" })).warnings, [
    "config.json tells nothing: it is no JSON object",
    "generation_config.json tells nothing: Unexpected end of JSON input",
  ]);
  const large = await localFacts([{ path: "config.json", absolute: "/nowhere", size: 1e9 }]);
  assert.deepEqual(large.warnings, ["config.json tells nothing: it has more than 16777216 bytes"]);
});

Deno.test("the format is told by the names of the files and by how they begin", async () => {
  const rows = [
    ["model.safetensors", "", "safetensors"],
    ["x/model-Q4.GGUF", "GGUF", "gguf"],
    ["a.gguf.part1", "GGUF", "gguf"],
    ["a.gguf", "garbage", undefined],
    ["det.onnx", "", "onnx"],
    ["saved_model.pb", "", "tensorflow"],
    ["saved_model.pbtxt", "", "tensorflow"],
    ["a.pt", "PK\x03\x04", "pytorch"],
    ["a.pth", "PK\x03\x04", "pytorch"],
    ["pytorch_model-00001-of-00002.bin", "PK\x03\x04", "pytorch"],
    ["model.bin", "PK\x03\x04", "pytorch"],
    ["exported.pt2", "PK\x03\x04", "pytorch"],
    ["traced.torchscript", "PK\x03\x04", "pytorch"],
    ["served.mar", "PK\x03\x04", "pytorch"],
    ["__0_0.distcp", "PK\x03\x04", "pytorch"],
    ["model.bin", "fake model", undefined],
    ["frozen.pb", "", undefined],
    ["model.safetensors.index.json", "{}", undefined],
  ] as const;
  for (const [name, content, format] of rows) {
    assert.equal((await find({ [name]: content })).values.format, format, `${name} ${content}`);
  }
});

Deno.test("of several formats the preferred one is said, with a warning", async () => {
  const header = "\x02\0\0\0\0\0\0\0{}";
  const files = { "a.onnx": "", "b.pt": "PK\x03\x04", "c.safetensors": header };
  const { values, warnings } = await find(files);
  assert.equal(values.format, "safetensors");
  assert.ok(
    warnings.includes(
      "files of several formats were found (safetensors, onnx, pytorch): FORMAT says safetensors",
    ),
    warnings.join("\n"),
  );
});
