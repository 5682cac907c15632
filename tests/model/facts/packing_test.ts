/** Parameters of packed weights: as many as they stand for, or none that are told. */
import assert from "node:assert/strict";
import { parseSafetensorsMetadata } from "@huggingface/hub";
import { bytesSource } from "../../../src/core/content/source.ts";
import { configFacts } from "../../../src/model/facts/config_json.ts";
import { packedCount } from "../../../src/model/facts/packing.ts";
import { readFacts } from "../../../src/model/facts/read_facts.ts";
import { rangesOf } from "../../support/ranges_of.ts";
import { type SafeTensor, safetensors } from "./support.ts";

/** How weights are packed: the configuration, and the tensors of a module of `rows` rows. */
const PACKINGS: Readonly<
  Record<
    string,
    (rows: number) => { config: unknown; tensors: Readonly<Record<string, SafeTensor>> }
  >
> = {
  gptq: (rows) => ({
    config: { quantization_config: { quant_method: "gptq", bits: 4 } },
    tensors: {
      "m.qweight": { dtype: "I32", shape: [4, rows], width: 4 },
      "m.qzeros": { dtype: "I32", shape: [1, rows], width: 4 },
      "m.scales": { dtype: "F16", shape: [1, rows], width: 2 },
      "m.g_idx": { dtype: "I32", shape: [32], width: 4 },
    },
  }),
  "gptq of 8 bits": (rows) => ({
    config: { quantization_config: { quant_method: "gptq", bits: 8 } },
    tensors: {
      "m.qweight": { dtype: "I32", shape: [4, rows], width: 4 },
      "m.scales": { dtype: "F16", shape: [1, rows], width: 2 },
    },
  }),
  awq: (rows) => ({
    config: { quantization_config: { quant_method: "awq", bits: 4 } },
    tensors: {
      "m.qweight": { dtype: "I32", shape: [rows, 4], width: 4 },
      "m.qzeros": { dtype: "I32", shape: [1, 4], width: 4 },
      "m.scales": { dtype: "F16", shape: [1, 32], width: 2 },
    },
  }),
  bitsandbytes: (rows) => ({
    config: { quantization_config: { quant_method: "bitsandbytes", load_in_4bit: true } },
    tensors: {
      "m.weight": { dtype: "U8", shape: [rows * 16, 1], width: 1 },
      "m.weight.absmax": { dtype: "U8", shape: [rows], width: 1 },
      "m.weight.nested_absmax": { dtype: "F32", shape: [1], width: 4 },
      "m.weight.quant_map": { dtype: "F32", shape: [16], width: 4 },
      "m.weight.quant_state.bitsandbytes__nf4": { dtype: "U8", shape: [80], width: 1 },
    },
  }),
  "mlx with a module of 8 bits": (rows) => ({
    config: { quantization: { bits: 4, group_size: 64, "m": { bits: 8, group_size: 64 } } },
    tensors: {
      "m.weight": { dtype: "U32", shape: [rows, 16], width: 4 },
      "m.scales": { dtype: "F16", shape: [rows, 1], width: 2 },
      "m.biases": { dtype: "F16", shape: [rows, 1], width: 2 },
      "n.weight": { dtype: "U32", shape: [rows, 8], width: 4 },
      "n.scales": { dtype: "F16", shape: [rows, 1], width: 2 },
      "n.biases": { dtype: "F16", shape: [rows, 1], width: 2 },
    },
  }),
  mxfp4: (rows) => ({
    config: { quantization_config: { quant_method: "mxfp4" } },
    tensors: {
      "mlp.experts.down_proj_blocks": { dtype: "U8", shape: [2, rows, 1, 16], width: 1 },
      "mlp.experts.down_proj_scales": { dtype: "U8", shape: [2, rows, 1], width: 1 },
    },
  }),
  "compressed-tensors": (rows) => ({
    config: {
      quantization_config: {
        quant_method: "compressed-tensors",
        format: "pack-quantized",
        config_groups: { group_0: { targets: ["Linear"], weights: { num_bits: 4, type: "int" } } },
      },
    },
    tensors: {
      "m.weight_packed": { dtype: "I32", shape: [rows, 4], width: 4 },
      "m.weight_scale": { dtype: "BF16", shape: [rows, 1], width: 2 },
      "m.weight_shape": { dtype: "I64", shape: [2], width: 8 },
    },
  }),
};

for (const [method, packing] of Object.entries(PACKINGS)) {
  Deno.test(`weights packed by ${method} count as the library of Hugging Face counts them`, async () => {
    for (const rows of [1, 8, 96]) {
      const { config, tensors } = packing(rows);
      const embedding = { dtype: "BF16", shape: [rows, 64], width: 2 };
      const files = {
        "config.json": new TextEncoder().encode(JSON.stringify(config)),
        "model.safetensors": safetensors({ "embed.weight": embedding, ...tensors }),
      };
      const { facts } = await readFacts(
        Object.entries(files).map(([path, bytes]) => ({ path, source: bytesSource(bytes) })),
      );
      const theirs = await parseSafetensorsMetadata({
        repo: "someone/model",
        path: "model.safetensors",
        computeParametersCount: true,
        fetch: (input, init) => {
          const isConfig = String(input).endsWith("config.json");
          return rangesOf(files[isConfig ? "config.json" : "model.safetensors"])(input, init);
        },
      });
      const count = Object.values(theirs.parameterCount ?? {}).reduce((sum, one) => sum + one, 0);
      assert.equal(facts.paramCount, count, `${rows} rows`);
    }
  });
}

Deno.test("where nobody says how wide packed weights are, no count is told", () => {
  const tensors = [
    { name: "m.qweight", type: "int32", shape: [4, 8] },
    { name: "m.scales", type: "float16", shape: [1, 8] },
  ];
  const gptq = (bits: unknown) => ({ quantization_config: { quant_method: "gptq", bits } });
  assert.equal(packedCount(gptq(4), tensors), 256);
  assert.equal(packedCount(gptq(3), [{ name: "m.qweight", type: "int32", shape: [3, 8] }]), 256);
  for (
    const config of [{}, gptq("4"), gptq(-4), gptq(0), gptq(32), gptq(1e9), { quantization: 4 }]
  ) {
    assert.equal(packedCount(config, tensors), undefined, JSON.stringify(config));
  }
  const strange = { name: "m.W_q", type: "uint8", shape: [4, 8] };
  assert.equal(packedCount(gptq(4), [strange]), undefined);
});

Deno.test("the width of packed weights is found in configurations two deep", () => {
  const quantization_config = { quant_method: "gptq", bits: 4 };
  const tensors = [{ name: "m.qweight", type: "int32", shape: [4, 8] }];
  for (
    const config of [
      { text_config: { quantization_config } },
      { llm_config: { quantization: { bits: 4 } } },
      { language_config: { quantization_config } },
      { thinker_config: { text_config: { quantization_config } } },
      { quantization_config: { quant_method: "gptq" }, quantization: { bits: 4 } },
    ]
  ) {
    assert.equal(packedCount(config, tensors), 256, JSON.stringify(config));
  }
  const nested = { thinker_config: { text_config: { quantization_config } } };
  assert.equal(configFacts(nested).quantization, "gptq-int4");
});

Deno.test("bytes that hold weights hold as many as their scales or their method say", () => {
  const scaledBy = (type: string) => [
    { name: "m.weight", type: "uint8", shape: [4, 8] },
    { name: "m.weight_scale", type, shape: [4, 1] },
  ];
  const quant = (quant_method: string) => ({ quantization_config: { quant_method } });
  assert.equal(packedCount(quant("modelopt"), scaledBy("float8_e4m3")), 64);
  assert.equal(packedCount(quant("quark"), scaledBy("uint8")), 64);
  assert.equal(packedCount(quant("bitnet"), scaledBy("bfloat16")), 128);
  assert.equal(packedCount(quant("other"), scaledBy("bfloat16")), undefined);
});

Deno.test("experts that lie in one tensor count as many as its bytes hold", () => {
  const name = "mlp.experts.down_proj";
  const experts = [
    { name, type: "uint8", shape: [2, 4, 8] },
    { name: `${name}_weight_scale`, type: "float8_e4m3", shape: [2, 4, 1] },
    { name: `${name}_input_scale`, type: "float32", shape: [] },
  ];
  assert.equal(packedCount({}, experts), 128);
  const second = { name: `${name}_weight_scale_2`, type: "float32", shape: [2] };
  assert.equal(packedCount({}, [...experts, second]), 128);
});

Deno.test("a quantization that a document of its own tells is known, and counted", async () => {
  const documents = {
    "quantize_config.json": [{ bits: 4, group_size: 128, desc_act: false }, "gptq-int4"],
    "quant_config.json": [{ w_bit: 4, q_group_size: 128, version: "GEMM" }, "awq-int4"],
    "hf_quant_config.json": [{ quantization: { quant_algo: "W4A16_AWQ", bits: 4 } }, "int4"],
  } as const;
  for (const [name, [document, quantization]] of Object.entries(documents)) {
    const files = {
      "config.json": new TextEncoder().encode(`{"model_type":"llama"}`),
      [name]: new TextEncoder().encode(JSON.stringify(document)),
      "model.safetensors": safetensors({
        "m.qweight": { dtype: "I32", shape: [4, 8], width: 4 },
        "m.qzeros": { dtype: "I32", shape: [1, 8], width: 4 },
        "m.scales": { dtype: "F16", shape: [1, 8], width: 2 },
      }),
    };
    const { facts } = await readFacts(
      Object.entries(files).map(([path, bytes]) => ({ path, source: bytesSource(bytes) })),
    );
    assert.deepEqual([facts.quantization, facts.paramCount], [quantization, 256], name);
  }
});

Deno.test("of weights that are codes of a method neither count nor type is told", async () => {
  const codes = { "a.weight": { dtype: "I16", shape: [8, 4], width: 2 } };
  const configs = [
    ...["aqlm", "spqr", "higgs", "VPTQ", "torchao"].map((quant_method) => ({ quant_method })),
    { quant_method: "compressed-tensors", format: "marlin-24" },
    { quant_method: "compressed-tensors", format: "sparse-bitmask" },
    { quant_method: "gptq", bits: 4, is_marlin_format: true },
  ];
  for (const quantization_config of configs) {
    const files = {
      "config.json": new TextEncoder().encode(JSON.stringify({ quantization_config })),
      "model.safetensors": safetensors(codes),
    };
    const { facts } = await readFacts(
      Object.entries(files).map(([path, bytes]) => ({ path, source: bytesSource(bytes) })),
    );
    const { paramCount, precision, quantization } = facts;
    const method = quantization_config.quant_method.toLowerCase();
    assert.deepEqual([paramCount, precision], [undefined, undefined], method);
    assert.match(quantization ?? "", new RegExp(`^${method}`));
  }
});
