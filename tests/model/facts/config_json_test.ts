import assert from "node:assert/strict";
import fc from "fast-check";
import { configFacts } from "../../../src/model/facts/config_json.ts";

Deno.test("a usual configuration tells family, precision and architecture", () => {
  const facts = configFacts({
    model_type: "qwen2",
    torch_dtype: "bfloat16",
    architectures: ["Qwen2ForCausalLM"],
    transformers_version: "4.43.1",
  });
  assert.deepEqual([facts.family, facts.precision, facts.architecture], [
    "qwen2",
    "bfloat16",
    "transformer",
  ]);
});

Deno.test("precision is also said by dtype, and by the configuration of the text model", () => {
  assert.equal(configFacts({ dtype: "float16" }).precision, "float16");
  assert.equal(configFacts({ torch_dtype: "torch.float16" }).precision, "float16");
  assert.equal(configFacts({ dtype: "auto" }).precision, undefined);
  assert.equal(configFacts({ text_config: { dtype: "bfloat16" } }).precision, "bfloat16");
});

Deno.test("some families are no transformers", () => {
  const facts = configFacts({ model_type: "resnet", transformers_version: "4" });
  assert.equal(facts.architecture, "cnn");
});

const QUANTIZATIONS: readonly (readonly [object, string | undefined])[] = [
  [{ quant_method: "gptq", bits: 4, group_size: 128 }, "gptq-int4"],
  [{ quant_method: "awq", bits: 4, version: "gemm" }, "awq-int4"],
  [{ quant_method: "awq", w_bit: 4 }, "awq-int4"],
  [
    { quant_method: "bitsandbytes", load_in_4bit: true, bnb_4bit_quant_type: "nf4" },
    "bitsandbytes-nf4",
  ],
  [{ load_in_4bit: true, load_in_8bit: false }, "bitsandbytes-fp4"],
  [{ quant_method: "bitsandbytes", load_in_8bit: true }, "bitsandbytes-int8"],
  [{ quant_method: "fp8", fmt: "e4m3" }, "fp8"],
  [{ quant_method: "mxfp4" }, "mxfp4"],
  [{ quant_method: "quanto", weights: "int8" }, "quanto-int8"],
  [{ quant_method: "modelopt", quant_algo: "NVFP4" }, "modelopt-nvfp4"],
  [{
    quant_method: "compressed-tensors",
    config_groups: { group_0: { weights: { num_bits: 8, type: "float" } } },
  }, "compressed-tensors-fp8"],
  [{ group_size: 64, bits: 4 }, "int4"],
  [{ group_size: 64, bits: 4, mode: "affine" }, "int4"],
  [{ group_size: 32, bits: 4, mode: "mxfp4" }, "mxfp4"],
  [{ group_size: 16, bits: 4, mode: "nvfp4" }, "nvfp4"],
  [{}, undefined],
  [{ quant_method: 7, bits: "4" }, undefined],
];

for (const [config, name] of QUANTIZATIONS) {
  Deno.test(`${JSON.stringify(config)} is ${name ?? "no quantization"}`, () => {
    assert.equal(configFacts({ quantization_config: config }).quantization, name);
  });
}

Deno.test("the count of parameters is taken when it is one", () => {
  assert.equal(configFacts({ num_parameters: 1234 }).paramCount, 1234);
  assert.equal(configFacts({ num_parameters: "1234" }).paramCount, undefined);
  assert.equal(configFacts({ num_parameters: -1 }).paramCount, undefined);
});

Deno.test("values of other types, and words a Modelfile cannot hold, are passed over", () => {
  const facts = configFacts({ model_type: "a\nb", torch_dtype: 7, architectures: "x" });
  assert.deepEqual([facts.family, facts.precision, facts.architecture], [
    undefined,
    undefined,
    undefined,
  ]);
});

for (const length of [201, 10_000, 5_000_000]) {
  Deno.test(`words of ${length} letters are none`, () => {
    const long = "w".repeat(length);
    const facts = configFacts({
      model_type: long,
      torch_dtype: long,
      architectures: ["A"],
      quantization_config: { quant_method: long, bits: 4 },
    });
    assert.ok(JSON.stringify(facts).length < 200, JSON.stringify(facts).slice(0, 200));
    assert.equal(configFacts({ model_type: "w".repeat(200) }).family?.length, 200);
  });
}

Deno.test("no configuration makes the reader throw", () => {
  const key = fc.constantFrom("model_type", "dtype", "quantization_config", "text_config", "bits");
  fc.assert(fc.property(fc.dictionary(key, fc.jsonValue()), (config) => {
    configFacts(config);
  }));
});
